"""What is quoted arrives as it was, and nothing quoted ever runs: random texts, a list of hostile ones, lines of a
safe vocabulary beside the host's own shell, and rubbish."""

import random
import shlex
import subprocess
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.phone.shell import Call
from tests.environments.phone.recording_device import Console

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
METACHARACTERS = " \t\n'\"\\$`;&|<>(){}[]*?!#~=%^,:@+-_./abcXYZ019"
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    st.text(METACHARACTERS + "éß語🙂\u202e\u200d", max_size=40),
)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)

COMMANDS = ["canary", "canary x", "/system/bin/canary", "${IFS}canary", "canary${IFS}x", "sh -c canary", "eval canary"]
ENVELOPES = [
    "{0}",
    ";{0}",
    "; {0} ;",
    "&{0}",
    "&&{0}",
    "||{0}",
    "|{0}",
    "\n{0}\n",
    "$({0})",
    "`{0}`",
    "';{0};'",
    '";{0};"',
    "'\n{0}\n'",
    "$(echo `{0}`)",
    '"$({0})"',
    "x;{0}",
    "x||{0}&",
    "\\';{0};\\'",
    '\\";{0}',
    "<({0})",
    ">({0})",
    "${{x:-`{0}`}}",
    "$'\\x3b'{0}",
    "a\\\n;{0}",
    "*;{0}",
    "#\n{0}",
    "(({0}))",
    "{{ {0}; }}",
    "( {0} )",
    "! {0}",
    "%s;{0}",
    "\r\n{0}",
    "é;{0}",
    "\u2028{0}",
]
HOSTILE = [envelope.format(command) for envelope in ENVELOPES for command in COMMANDS]


class Canary:
    """A command that counts how often it was run."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, call: Call) -> int:
        self.runs += 1
        return 0


@settings(max_examples=400)
@given(TEXTS)
def test_what_is_quoted_comes_back_from_printf(text: str) -> None:
    console = Console()
    code, out, err = console.run(f"printf %s {shlex.quote(text)}")
    assert (code, out.decode(), err) == (0, text, b"")


@settings(max_examples=200)
@given(TEXTS)
def test_what_is_quoted_comes_back_from_echo(text: str) -> None:
    assert Console().ok(f"echo -E '' {shlex.quote(text)}") == f" {text}\n"


@settings(max_examples=150)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_arguments_stay_apart(texts: list[str]) -> None:
    console = Console()
    line = "printf '[%s]' " + shlex.join(texts)
    assert console.ok(line) == "".join(f"[{text}]" for text in texts)
    assert console.ok(f'x=$({line}); printf %s "$x"') == "".join(f"[{text}]" for text in texts)


@settings(max_examples=200)
@given(TEXTS)
def test_double_quotes_with_backslashes_hold_anything(text: str) -> None:
    quoted = '"' + "".join("\\" + char if char in '$`"\\' else char for char in text) + '"'
    assert Console().ok(f"printf %s {quoted}") == text


@settings(max_examples=200)
@given(TEXTS)
def test_values_of_variables_are_no_code(text: str) -> None:
    assert Console().ok(f'x={shlex.quote(text)}; printf %s "$x"') == text


@settings(max_examples=300)
@given(PRINTABLE)
def test_input_text_types_any_printable_ascii(text: str) -> None:
    console = Console()
    assert console.run(f"input text {shlex.quote(text)}") == (0, b"", b"")
    typed = "".join(str(event[1]) for event in console.device.events if event[0] == "text")
    assert typed == text.replace("%s", " ")


@settings(max_examples=200)
@given(TEXTS)
def test_input_text_types_all_or_nothing(text: str) -> None:
    console = Console()
    code, _out, err = console.run(f"input text {shlex.quote(text)}")
    typed = "".join(
        "\n" if event == ("key", 66) else "\t" if event == ("key", 61) else str(event[1])
        for event in console.device.events
    )
    if all(" " <= char <= "~" or char in "\n\t" for char in text):
        assert (code, typed) == (0, text.replace("%s", " "))
    else:
        assert (code, typed) == (255, "")
        assert b"NullPointerException" in err


def test_there_are_enough_hostile_texts() -> None:
    assert len(set(HOSTILE)) >= 200


@pytest.mark.parametrize(
    "form",
    [
        "echo {0}",
        "input text {0}",
        'x={0}; echo "$x"',
        'for i in {0}; do echo "$i"; done',
        "am start -a VIEW -d {0}",
        'echo "$(printf %s {0})"',
        "sh -c 'echo \"$0\"' {0}",
        "printf %s {0} | cat",
        "settings put system x {0}",
        "echo x > /sdcard/f; grep -e {0} /sdcard/f",
        "case {0} in {0}) :;; esac",
        "[ -n {0} ]",
    ],
)
def test_nothing_quoted_ever_runs(form: str) -> None:
    canary = Canary()
    console = Console(programs={"canary": canary})
    for text in HOSTILE:
        console.run(form.format(shlex.quote(text)))
    assert canary.runs == 0
    console.run(form.format("`canary`"))
    assert canary.runs >= 1  # it does run where it is not quoted, so the count above means something


def test_unquoted_hostile_texts_do_run() -> None:
    """The phone must be as dangerous as a real one to clients that quote badly, or it would hide their faults."""
    for text in (";canary", "x;canary${IFS}x", "$(canary)", "`canary`", "|canary", "\ncanary"):
        canary = Canary()
        Console(programs={"canary": canary}).run(f"input text {text}")
        assert canary.runs == 1, text


# -- beside the host's shell, on lines of a closed and harmless vocabulary ---------------------------------------------

WORDS = [
    "a",
    "bc",
    "''",
    '""',
    "'x y'",
    '"x  y"',
    "a'b'c",
    'a"b"c',
    "\\;",
    "\\'",
    '\\"',
    "'$x'",
    '"\\$x"',
    "$x",
    '"$x"',
    "${x}",
    "${x}y",
    "$?",
    "'\"'",
    '"\'"',
    "${y:-d}",
    '"${y:-d e}"',
    "${x:+z}",
    "$y",
    "a#b",
    "%",
    "a=b",
    "x\\ y",
    "${#x}",
    "$z",
    '"$z"',
    "-",
    "${x%c}",
    "${x#b}",
    "$((1+2*3))",
    "$((7%4-1))",
    "'a\nb'",
]


def _line(chance: random.Random, depth: int = 0) -> str:
    kind = chance.randrange(12 if depth < 3 else 4)
    if kind < 3:
        return "echo " + " ".join(chance.choices(WORDS, k=chance.randrange(5)))
    if kind == 3:
        return chance.choice(
            ["true", "false", "printf '%s,' a b", "printf '[%s]' \"$x\" $z", "x=bc", "y=", ": ignored", "test $x = bc"]
        )
    one, two = _line(chance, depth + 1), _line(chance, depth + 1)
    forms = [
        "{0}; {1}",
        "{0} && {1}",
        "{0} || {1}",
        "{{ {0}; }} | cat",
        "( {0}; {1} )",
        "{{ {0}; {1}; }}",
        "! ( {0} )",
        "echo $( {0})",
        'echo "$( {0})"',
        "if {0}; then {1}; else echo no; fi",
        "for i in 1 2; do {0}; done",
        "{0} | {{ cat; {1}; }}",
        "echo `true; echo in` ; {0}",
        "{0}\n{1}",
        "{0} # {1}",
        "case $x in b*) {0} ;; *) {1} ;; esac",
    ]
    return chance.choice(forms[:-2] if "\n" in one + two or "#" in one else forms).format(one, two)


def test_lines_do_what_they_do_in_the_hosts_shell() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    prefix = "x=bc\nz='p  q'\n"
    lines = [prefix + _line(chance) for _ in range(500)]
    for line in lines:
        there = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=False, stdin=subprocess.DEVNULL)
        code, out, err = Console().run(line)
        if b"yntax error" in there.stderr:  # a comment swallowed what closes a group; mksh's code for that is 1
            assert (code, b"syntax error" in err) == (1, True), line
        else:
            assert (code, out) == (there.returncode, there.stdout), line


# -- rubbish -----------------------------------------------------------------------------------------------------------

PIECES = str.split("""
echo cat grep -E $ $( ) ` { } ( | || && & ; ;; > >> < 2>&1 &> <<< << $(( )) ${ ${x:- ${# * ? [ ] ! # if then fi for
i in do done while case esac x=1 $x $? printf %s %d % -n input tap 1 2 swipe text am start -a -n pm list dumpsys
window settings put system get sed s/a/b/ sort head -1 /sdcard / .. rm -r ls -l find cp mv test [ wm size 9x9
uiautomator dump screencap -p xargs eval sh -c tr a-z A-Z cut -f break continue exit return set -e shift read cd é 🙂
date +%s stat -c seq 3 wait content query --uri content://settings/system ime am broadcast --es msg monkey -p expr +
cmd package ip route ps -A xxd tail unset IFS= IFS=x export type env log logcat -d df du chmod 777 touch x md5sum
base64 -w 0 uniq -c tee keyevent --longpress HOME svc wifi enable
""")
PIECES += ["\n", "\0", "'", '"', "\\"]


def test_rubbish_never_raises_and_never_hangs() -> None:
    chance = random.Random(11)  # noqa: S311 - no secret
    for _ in range(1500):
        pieces = chance.choices(PIECES, k=chance.randrange(1, 14))
        line = "".join(piece + chance.choice([" ", " ", " ", ""]) for piece in pieces)
        _bounded(line)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_random_bytes_never_raise_and_never_hang(data: bytes) -> None:
    _bounded(data.decode("utf-8", "surrogateescape"))


@settings(max_examples=200)
@given(st.text(METACHARACTERS, max_size=80))
def test_random_signs_never_raise_and_never_hang(line: str) -> None:
    _bounded(line)


def _bounded(line: str) -> None:
    console = Console()
    began = time.monotonic()
    if "logcat" in line or "while" in line:
        with console.leaving(0.2):
            code, _out, _err = console.run(line)
    else:
        code, _out, _err = console.run(line)
    assert 0 <= code <= 255, line
    assert time.monotonic() - began < 10, line
    assert not [thread for thread in threading.enumerate() if thread.name == "phone shell"], line
