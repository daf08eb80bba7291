"""grep, sed and their regular expressions: what they find, beside Python's own, and that no pattern takes long."""

import contextlib
import re
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from environments.phone.shell.regex import BadPattern, Regex
from tests.environments.phone.recording_device import Console

TEXT = "mCurrentFocus=Window{1 u0 a/b}\nother line\nmFocusedApp=x\nTwo Words here\n\nlast\n"


def console_with(text: str = TEXT) -> Console:
    console = Console()
    console.files.write("/sdcard/f", text.encode())
    return console


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("grep mCurrentFocus f", "mCurrentFocus=Window{1 u0 a/b}\n"),
        ("grep -E 'mCurrentFocus|mFocusedApp' f", "mCurrentFocus=Window{1 u0 a/b}\nmFocusedApp=x\n"),
        ("grep 'mCurrent\\|Words' f", "mCurrentFocus=Window{1 u0 a/b}\nTwo Words here\n"),
        ("grep -i WINDOW f; grep -c o f; grep -vc o f", "mCurrentFocus=Window{1 u0 a/b}\n4\n2\n"),
        ("grep -n line f; grep -o 'F[a-z]*' f; grep -on Two f", "2:other line\nFocus\nFocused\n4:Two\n"),
        (
            "grep -w Word f; grep -w Words f; grep -x last f; grep -F 'Window{1' f",
            "Two Words here\nlast\nmCurrentFocus=Window{1 u0 a/b}\n",
        ),
        ("grep '{1 u' f; grep 'a*st$' f; grep -c '^$' f", "mCurrentFocus=Window{1 u0 a/b}\nlast\n1\n"),
        (
            "grep -m 1 o f; grep -A 1 other f; grep -B 1 other f",
            "mCurrentFocus=Window{1 u0 a/b}\nother line\nmFocusedApp=x\nmCurrentFocus=Window{1 u0 a/b}\nother line\n",
        ),
        ("cat f | grep -q other && echo yes; grep -q none f || echo no", "yes\nno\n"),
        (
            "grep -e other -e last f; grep -l other f; grep -H last f; grep last f f; grep -h last f f",
            "other line\nlast\nf\nf:last\nf:last\nf:last\nlast\nlast\n",
        ),
        (
            "grep -r last /sdcard; grep -E '[[:upper:]][[:lower:]]+ [[:upper:]]' f; grep -E '(o.e|x)$' f",
            "/sdcard/f:last\nTwo Words here\nmFocusedApp=x\n",
        ),
        ("egrep 'l{1}ast' f; fgrep a/b f; grep -E '^.{4}$' f", "last\nmCurrentFocus=Window{1 u0 a/b}\nlast\n"),
        (
            "sed -n 2p f; sed -n '$p' f; sed '2,$d' f; sed -n '/^m/p' f | wc -l; sed 1q f",
            "other line\nlast\nmCurrentFocus=Window{1 u0 a/b}\n2\nmCurrentFocus=Window{1 u0 a/b}\n",
        ),
        (
            "echo aaa | sed s/a/b/; echo aaa | sed s/a/b/g; echo aaa | sed s/a/b/2; echo Aa | sed 's/a/x/gI'",
            "baa\nbbb\naba\nxx\n",
        ),
        ("echo a/b | sed 's,/,-,;s/-/ & /'; echo 'x=1;y=2' | sed -E 's/([a-z])=([0-9])/\\2=\\1/g'", "a - b\n1=x;2=y\n"),
        (
            "echo ab | sed -n 's/a/c/p'; echo ab | sed 's/\\(a\\)\\(b\\)/\\2\\1/'; "
            "echo abc | sed -e s/a/1/ -e s/b/2/; echo a.b | sed 's/\\./\\n/'",
            "cb\nba\n12c\na\nb\n",
        ),
        (
            "sed -i s/last/first/ f; tail -1 f; sed '/Two/!d' f; echo aaa | sed 's/x*/-/g'",
            "first\nTwo Words here\n-a-a-a-\n",
        ),
    ],
)
def test_finding(line: str, out: str) -> None:
    code, found, err = console_with().run("cd /sdcard; " + line)
    assert (found.decode(), err) == (out, b"")
    assert code in (0, 1)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("grep other /sdcard/f", 0),
        ("grep none /sdcard/f", 1),
        ("grep x /nope", 2),
        ("grep '[' /sdcard/f", 2),
        ("grep", 2),
        ("grep -E '(' /sdcard/f", 2),
        ("grep -E 'a{9999}' /sdcard/f", 2),
        ("grep '\\(a\\)\\1' /sdcard/f", 2),
        ("grep -s x /nope /sdcard/f", 0),
        ("sed s/a /sdcard/f", 1),
        ("sed y/a/b/ /sdcard/f", 1),
        ("sed s/a/b/w /sdcard/f", 1),
    ],
)
def test_exit_codes(line: str, code: int) -> None:
    assert console_with().run(line)[0] == code


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "[a-c]", "c", "^", "$", r"\b", "x"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("({})".format, inner),
        st.builds("({}|{})".format, inner, inner),
        st.builds("({}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{,2}", "{2,}"])),
    ),
    max_leaves=8,
)


@settings(max_examples=500)
@given(PATTERNS, st.text("abcx \n", max_size=12))
def test_it_finds_what_pythons_own_finds(pattern: str, text: str) -> None:
    text = text.replace("\n", "c")
    assume("^)" not in pattern and "$)" not in pattern and r"\b)" not in pattern)
    python = re.compile(pattern.replace("{,2}", "{0,2}").replace("$", r"\Z"))
    theirs = python.search(text)
    ours = Regex(pattern, extended=True).search(text)
    assert (ours is None) == (theirs is None)
    assert Regex(pattern, extended=True).matches(text) == (theirs is not None)
    if ours is not None and theirs is not None:
        assert ours[0][0] == theirs.start()
        if not set(pattern) & set("^$\\"):  # fullmatch takes the cut for the ends of the text
            assert python.fullmatch(text, *ours[0])


@settings(max_examples=300)
@given(st.text("ab\\()[]{}*+?|^$.,19-:", max_size=15), st.text("ab()1", max_size=10), st.booleans())
def test_any_text_is_a_pattern_or_refused(pattern: str, text: str, extended: bool) -> None:
    try:
        regex = Regex(pattern, extended=extended)
    except BadPattern:
        return
    spans = regex.search(text)
    assert spans is None or all(-1 <= start <= end <= len(text) for start, end in spans)


@pytest.mark.parametrize(
    "pattern",
    ["(a*)*b", "(a|a)*b", "(a|aa)+$x", "a*a*a*a*a*a*b", "(.*)(.*)(.*)(.*)x$", "((a+)+)+b", "(a?){50}b", "(x+x+)+y"],
)
def test_no_pattern_takes_long(pattern: str) -> None:
    began = time.monotonic()
    assert not Regex(pattern, extended=True).matches("a" * 2000)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "pattern",
    [
        "(" * 10_000,
        "a" * 100_000,
        "(((((a{200}){200}){200}){200}){200})",
        "a" + "*" * 100_000,
        "[" * 1000,
        "(a" * 60 + ")" * 60,
        "\\" * 9999,
    ],
)
def test_monstrous_patterns_are_refused_or_harmless(pattern: str) -> None:
    with contextlib.suppress(BadPattern):
        Regex(pattern, extended=True).matches("aaa")


def test_groups_tell_where_they_matched() -> None:
    assert Regex(r"(\w+)@(\w+)?(x)?", extended=True).search("to ann@home") == [(3, 11), (3, 6), (7, 11), (-1, -1)]
    assert Regex(r"\(a\)\(b*\)").search("xab") == [(1, 3), (1, 2), (2, 3)]


def test_a_search_can_be_ended() -> None:
    class Ended(Exception):
        pass

    def check() -> None:
        raise Ended

    with pytest.raises(Ended):
        Regex("[ab]+[xy]", extended=True, check=check).matches("a" * 200)
