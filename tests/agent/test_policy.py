"""The first policy: a private screen is free, a person's own needs a yes, and nobody's yes is a no."""

import pytest

from agent.policy import AllowAll, Judgement, OwnScreenPolicy, Policy, Verdict
from environments.action import Action
from environments.contract import samples
from environments.environment import Capabilities
from environments.geometry import Size
from tests.screens import EVERY_ACTION, PaintedScreen

ACTIONS = [action for kind, action in samples(Size(64, 48)).items() if kind != "wait"]
WAIT = samples(Size(64, 48))["wait"]
SEEN = PaintedScreen().observe()


def judge(policy: Policy, action: Action, *, private: bool, attended: bool) -> Judgement:
    return policy.judge(action, SEEN, Capabilities("desktop", "x", EVERY_ACTION, private), attended=attended)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.type)
def test_what_is_judged_is_whose_screen_it_is(action: Action) -> None:
    policy = OwnScreenPolicy()
    for attended in (True, False):
        assert judge(policy, action, private=True, attended=attended) == Judgement(Verdict.ALLOW)
    asked = judge(policy, action, private=False, attended=True)
    assert asked == (Verdict.CONFIRM, "this acts on your own screen, painted")
    refused = judge(policy, action, private=False, attended=False)
    assert refused == (Verdict.DENY, "painted is a person's own screen, and nobody is here to confirm")


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("attended", [True, False])
def test_letting_time_pass_is_always_allowed(private: bool, attended: bool) -> None:
    assert judge(OwnScreenPolicy(), WAIT, private=private, attended=attended).verdict is Verdict.ALLOW


@pytest.mark.parametrize("action", [*ACTIONS, WAIT], ids=lambda action: action.type)
def test_a_person_who_has_said_so_allows_everything(action: Action) -> None:
    for private in (True, False):
        for attended in (True, False):
            assert judge(AllowAll(), action, private=private, attended=attended) == (Verdict.ALLOW, "")


def test_every_action_was_judged() -> None:
    assert {action.type for action in ACTIONS} | {"wait"} == EVERY_ACTION
