"""Messages and requests: content in the order in which the model reads it, and encodable whatever it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Message, Model, Request
from agent.models.scripted import ScriptedModel
from environments.frame import Frame
from tests.agent.scenes import dotted

ONE, TWO, THREE = (Frame.from_image(dotted(number)) for number in range(3))


def test_the_frames_of_a_request_come_in_the_order_of_the_conversation() -> None:
    request = Request(
        (
            Message("system", ("rules",)),
            Message("user", ("a", ONE, "b", TWO)),
            Message("assistant", ("ok",)),
            Message("user", (THREE, ONE)),
        )
    )
    assert request.frames == (ONE, TWO, THREE, ONE)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("żółw 😀 <|im_end|> \x00", "żółw 😀 <|im_end|> \x00"),
        ("half \ud83d", "half \ufffd"),
        ("\udcff\udfff", "\ufffd\ufffd"),
    ],
)
def test_half_a_character_is_replaced_and_nothing_else(text: str, kept: str) -> None:
    message = Message("user", (text, ONE, "b"))
    assert message.parts == (kept, ONE, "b")
    assert message == Message("user", (kept, ONE, "b"))


@settings(deadline=None)
@given(st.text(st.characters()))
def test_every_text_of_a_message_can_be_encoded(text: str) -> None:
    (part,) = Message("user", (text,)).parts
    assert isinstance(part, str)
    part.encode()


def test_a_scripted_model_is_a_model() -> None:
    assert isinstance(ScriptedModel([]), Model)
