"""The loop: observe, prompt, model, parse, policy, act, settle, and again."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.decision import Act, Answer, Ask, Decision, Finish, FormatError
from agent.dialect import Dialect
from agent.draft import Draft
from agent.history import History
from agent.limits import Limits
from agent.model import Model, Reply, Request, Sampling
from agent.outcome import Outcome
from agent.person import Person
from agent.policy import Policy, Verdict
from agent.repetition import Repetition
from environments.action import Action, action_to_json
from environments.environment import Effect, Environment
from environments.errors import HandeyeError, InvalidAction, Stopped
from environments.observation import Observation
from environments.stop import Stop


class Ended(Exception):
    """Leaves the loop with an outcome and the reason for it."""

    def __init__(self, outcome: Outcome, reason: str = "") -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True)
class Seams:
    """All that a run touches: a replay or a recording swaps any of them."""

    environment: Environment
    model: Model
    person: Person


class Loop:
    """One goal, pursued. It does not know whether it is recorded, shown or evaluated."""

    def __init__(  # noqa: PLR0913  # what a run is made of
        self, goal: str, seams: Seams, dialect: Dialect, policy: Policy, *, limits: Limits, stop: Stop
    ) -> None:
        self._goal = goal
        self._environment, self._model, self._person = seams.environment, seams.model, seams.person
        self._dialect, self._policy, self._limits, self._stop = dialect, policy, limits, stop
        self._history = History(limits.screenshots)
        self._repetition = Repetition()
        self._malformed = self._declined = 0

    def drafts(self) -> Iterator[Draft]:
        """One draft a turn, complete or cut short; after the last, raises Ended or the error that ended the run."""
        seen = self._environment.observe(stop=self._stop)
        for index in range(self._limits.steps):
            self._stop.check()
            draft = Draft(index, seen)
            end: BaseException | None = None
            try:
                seen = self._turn(draft)
            except (Ended, HandeyeError, KeyboardInterrupt) as exc:
                draft.error = draft.error or ("" if isinstance(exc, Ended) else str(exc) or "interrupted")
                end = exc
            yield draft
            if end is not None:
                raise end
        raise Ended(Outcome.STEP_LIMIT, f"{self._limits.steps} steps were taken")

    def _turn(self, draft: Draft) -> Observation:
        """Ask the model once and do what it says; returns what is seen afterwards."""
        with draft.timing("model"):
            reply = draft.reply = self._ask(draft.seen)
        with draft.timing("parse"):
            decision = self._dialect.parse(reply, draft.seen, self._environment.capabilities)
        if isinstance(decision, FormatError):
            report, seen = self._send_back(decision, draft)
        else:
            self._malformed = 0
            draft.thought, draft.acts = decision.thought, decision.acts
            report, seen = self._do(decision, draft)
        self._history.add(self._dialect.heading(draft.seen), draft.seen.frame, reply.text, report)
        return seen

    def _ask(self, seen: Observation) -> Reply:
        capabilities = self._environment.capabilities
        messages = self._dialect.messages(self._goal, self._history.turns, seen, capabilities)
        request = Request(messages, self._dialect.grammar(capabilities), Sampling(max_tokens=self._limits.tokens))
        return self._model.complete(request, self._stop)

    def _send_back(self, error: FormatError, draft: Draft) -> tuple[str, Observation]:
        """A reply that cannot be used is data: the model gets it back with the reason, but not for ever."""
        draft.error = error.reason
        self._malformed += 1
        if self._malformed > self._limits.malformed:
            raise Ended(Outcome.MODEL_INVALID, f"{self._malformed} replies in a row could not be used: {error.reason}")
        return f"Your reply could not be used: {error.reason}.", draft.seen

    def _do(self, decision: Decision, draft: Draft) -> tuple[str, Observation]:
        """Everything that a decision says, in order; the report for the model, and what is seen then."""
        seen = draft.seen
        reports = []
        for number, act in enumerate(decision.acts, 1):
            match act:
                case Finish(status, message):
                    raise Ended(Outcome(status), message)
                case Answer(text):
                    self._person.tell(text)
                    reports.append("The person was told.")
                case Ask(question):
                    answer = self._person.answer(question, self._stop)
                    reports.append("Nobody is there to answer." if answer is None else f"The person answers: {answer}")
                case _:
                    effect = self._act(act, draft, seen)
                    before, seen = seen, self._look_again(effect, draft)
                    reports.append(_report(effect, same=before.frame == seen.frame))
                    if effect.status != "done":
                        reports += _leave_out(decision.acts[number:], draft)
                        break
        return "\n".join(reports), seen

    def _act(self, action: Action, draft: Draft, now: Observation) -> Effect:
        """Send an action unless something speaks against it `now`; every action of a reply carries the observation
        on which it was decided, so that the environment can refuse what has gone stale."""
        try:
            refusal = self._refusal(action, now)
        except (Ended, Stopped, KeyboardInterrupt) as exc:
            draft.error = str(exc) or "interrupted"
            draft.effects.append(Effect("not_sent", draft.error))
            raise
        draft.effects.append(refusal or self._send(action, draft))
        return draft.effects[-1]

    def _refusal(self, action: Action, seen: Observation) -> Effect | None:
        """Why an action is not to be done now, or None. Raises Ended when that is a reason to end the run."""
        circle = self._repetition.see(action_to_json(action), seen.frame)
        if circle:
            raise Ended(Outcome.LOOP, circle)
        attended = self._person.attended
        judgement = self._policy.judge(action, seen, self._environment.capabilities, attended=attended)
        if judgement.verdict is Verdict.DENY:
            raise Ended(Outcome.BLOCKED, judgement.reason)
        if judgement.verdict is Verdict.CONFIRM and not self._person.confirm(
            action, seen, judgement.reason, self._stop
        ):
            self._declined += 1
            if self._declined >= self._limits.declined:
                raise Ended(Outcome.BLOCKED, f"the person declined {self._declined} actions in a row")
            return Effect("not_sent", "the person declined")
        self._declined = 0
        return None

    def _send(self, action: Action, draft: Draft) -> Effect:
        """Send an action once. When its answer is lost, what became of it is unknown."""
        try:
            with draft.timing("act"):
                return self._environment.act(action, draft.seen, stop=self._stop)
        except InvalidAction as exc:
            return Effect("not_sent", str(exc))
        except (HandeyeError, KeyboardInterrupt) as exc:
            draft.effects.append(Effect("unknown", str(exc) or "interrupted"))
            raise

    def _look_again(self, effect: Effect, draft: Draft) -> Observation:
        """Wait for a still screen, where something may have been done, and look at it."""
        self._stop.check()
        if effect.status != "not_sent":
            with draft.timing("settle"):
                draft.settled.append(self._environment.settle(self._stop))
        return self._environment.observe(stop=self._stop)


def _leave_out(rest: tuple[Act, ...], draft: Draft) -> list[str]:
    """What follows an action that was not carried out is left out, and the model is told."""
    if not rest:
        return []
    draft.error = f"one action was not carried out, and {len(rest)} behind it were left out"
    return ["The rest of your reply was left out."]


def _report(effect: Effect, *, same: bool) -> str:
    """What became of an action, for the model."""
    if effect.status == "not_sent":
        return f"The action was not carried out: {effect.reason}."
    if effect.status == "unknown":
        return f"It is not known whether the action was carried out ({effect.reason}). Look before you repeat it."
    note = f" Note: {effect.note}." if effect.note else ""
    return (
        f"The action was carried out, but the screen did not change.{note}"
        if same
        else f"The action was carried out.{note}"
    )
