"""The language of the shell: what a line means, what it says when it means nothing, and what it may use."""

import re
import threading
import time

import pytest

from environments.phone.shell import PhoneServices
from environments.phone.shell.parser import Parser, ShellSyntaxError
from tests.environments.phone.recording_device import Console, RecordingDevice, Typed

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
SH = "/system/bin/sh"


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("echo a;echo b", "a\nb\n"),
        ("true && echo yes || echo no", "yes\n"),
        ("false && echo yes || echo no", "no\n"),
        ("false; echo $?; echo $?", "1\n0\n"),
        ("echo a | cat | cat", "a\n"),
        ("echo   a    b", "a b\n"),
        ("echo 'a   b' \"c   d\"", "a   b c   d\n"),
        ("echo a\\ b 'it'\\''s' \"it'\"'\"'\"s\"", "a b it's it'\"s\n"),
        ("echo $'tab\\there' $'\\x41\\u00e9'", "tab\there Aé\n"),
        ("echo 'a\nb'", "a\nb\n"),
        ("echo a \\\n b", "a b\n"),
        ("echo a # b", "a\n"),
        ("echo a#b", "a#b\n"),
        ("# nothing\necho x", "x\n"),
        ("x=1 y=$x; echo $y", "1\n"),
        ("x=1; x=2 eval 'echo $x'; echo $x", "2\n1\n"),
        ("x='a  b'; echo $x \"$x\"", "a b a  b\n"),
        ('IFS=:; x=a:b::c; for i in $x; do echo "[$i]"; done', "[a]\n[b]\n[]\n[c]\n"),
        ("echo a${IFS}b", "a b\n"),
        ("echo ${none:-d} ${none-e} ${none:+f} ${HOME:+g}", "d e g\n"),
        ("echo ${x:=5} $x", "5 5\n"),
        ("x=/a/b/c.txt; echo ${x##*/} ${x%/*} ${x#/a} ${x%%.*} ${#x}", "c.txt /a/b /b/c.txt /a/b/c 10\n"),
        ("x='*a'; echo ${x#'*'} ${x#\\*}", "a a\n"),
        ("echo $(echo a; echo b) `echo c`", "a b c\n"),
        ('echo "$(echo "a  b")" "`echo \\`echo d\\``"', "a  b d\n"),
        ("echo $((1 + 2 * 3)) $(( (1+2)*3 )) $((7/2)) $((-7%3)) $((1<2&&3>2))", "7 9 3 -1 1\n"),
        ("i=3; echo $((i*2)) $(($i+1)) $((none))", "6 4 0\n"),
        ("(exit 3); echo $?", "3\n"),
        ("x=1; (x=2); echo $x; { x=3; }; echo $x", "1\n3\n"),
        ("! true; echo $?; ! false; echo $?", "1\n0\n"),
        ("if false; then echo a; elif true; then echo b; else echo c; fi", "b\n"),
        ("if false; then echo a; fi; echo $?", "0\n"),
        ("for i in a 'b c'; do echo \"<$i>\"; done", "<a>\n<b c>\n"),
        ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; echo $i; done", "1\n3\n"),
        ("i=0; until [ $i -ge 2 ]; do i=$((i+1)); echo $i; done", "1\n2\n"),
        ("for i in 1 2 3; do for j in 1 2; do [ $i$j = 21 ] && break 2; echo $i$j; done; done", "11\n12\n"),
        ("case a.png in *.jpg|*.png) echo image;; *) echo other;; esac", "image\n"),
        ("case '*' in '*') echo star;; esac; case x in '*') echo no;; esac", "star\n"),
        (
            'set -- a \'b c\' d; echo $# $2; shift; for i in "$@"; do echo "[$i]"; done; for i; do echo $i; done',
            "3 b c\n[b c]\n[d]\nb c\nd\n",
        ),
        ("echo a{b,c}d {1,2}{x,y} '{a,b}' {a} {}", "abd acd 1x 1y 2x 2y {a,b} {a} {}\n"),
        ("eval 'echo $HOME'; sh -c 'echo $0 $1' name first", "/\nname first\n"),
        ("echo one; exit 0; echo two", "one\n"),
        ("nohup echo a; command echo b; exec echo c; echo never", "a\nb\nc\n"),
        ("printf 'a b\\n' | { read x y; echo $y $x; }", "b a\n"),
        ("x=$(false); echo $?; x=$(true); echo $?; x=5; echo $?", "1\n0\n0\n"),
        ("export A=b; env | grep ^A=; A=c env | grep ^A=", "A=b\nA=c\n"),
        ("command -v cat; type cd; which grep", "/system/bin/cat\ncd is a shell builtin\n/system/bin/grep\n"),
        ("[ -d /sdcard ] && [ ! -e /nope ] && [ -z '' ] && [ a != b ] && echo ok", "ok\n"),
        ("test 2 -gt 10 || test b '>' a && echo ok", "ok\n"),
        (
            "cd /sdcard/Download && pwd && cd .. && pwd && echo $PWD && cd - ",
            "/sdcard/Download\n/sdcard\n/sdcard\n/sdcard/Download\n",
        ),
        ("echo /sd* /sdcard/[DP]*; echo /no*", "/sdcard /sdcard/DCIM /sdcard/Download /sdcard/Pictures\n/no*\n"),
        ("echo \"/sd*\" '/sd*' /sd\\*", "/sd* /sd* /sd*\n"),
        ("cat <<< 'here it is'", "here it is\n"),
        ("echo ~ ~/x '~'", "/ /x ~\n"),
        ("/system/bin/echo x; toybox echo y", "x\ny\n"),
        ("echo a & wait; echo b", "a\nb\n"),
        ("echo 'a\\nb\\t\\0101\\c' ; echo -n x; echo -E 'a\\nb'", "a\nb\tAxa\\nb\n"),
    ],
)
def test_lines(line: str, out: str) -> None:
    code, found, err = Console().run(line)
    assert (found.decode(), err) == (out, b""), line
    assert code in (0, 1)


@pytest.mark.parametrize(
    ("line", "code", "err"),
    [
        ("nosuch -x", 127, "nosuch: inaccessible or not found"),
        ("/no/such", 127, "/no/such: inaccessible or not found"),
        ("'' x", 127, ": inaccessible or not found"),
        ("/sdcard", 126, "/sdcard: can't execute: Is a directory"),
        ("echo 'a", 1, "no closing quote"),
        ('echo "a', 1, "no closing quote"),
        ("echo `a", 1, "no closing quote"),
        ("echo ${a", 1, "no closing quote"),
        ("echo (", 1, "syntax error: unexpected '('"),
        ("echo )", 1, "syntax error: unexpected ')'"),
        ("; echo", 1, "syntax error: unexpected ';'"),
        ("echo a | | cat", 1, "syntax error: unexpected '|'"),
        ("echo a && && b", 1, "syntax error: unexpected '&&'"),
        ("a ;; b", 1, "syntax error: unexpected ';;'"),
        ("( echo a", 1, "syntax error: unmatched '('"),
        ("if true; then", 1, "syntax error: unmatched 'if'"),
        ("then x", 1, "syntax error: unexpected 'then'"),
        ("echo >", 1, "syntax error: unexpected EOF"),
        ("echo > > x", 1, "syntax error: unexpected '>'"),
        ("fi", 1, "syntax error: unexpected 'fi'"),
        ("f() { :; }", 1, "syntax error: unexpected '('"),
        ("echo ${x!}", 1, "${x!}: bad substitution"),
        ("cat << END\nx\nEND", 1, "here document unclosed"),
        ("cd /nope", 2, "cd: /nope: No such file or directory"),
        ("echo $((1/0))", 1, "1/0: zero divisor"),
        ("echo ${x:?gone}", 1, "x: gone"),
        ("echo x > /nope/x", 1, "can't create /nope/x: Read-only file system"),
        ("echo x > /sdcard/no/x", 1, "can't create /sdcard/no/x: No such file or directory"),
        ("echo x > /data/x", 1, "can't create /data/x: Permission denied"),
        ("echo x > /sdcard", 1, "can't create /sdcard: Is a directory"),
        ("cat < /sdcard/none", 1, "can't open /sdcard/none: No such file or directory"),
        ("echo >&7", 1, ">&7: bad file descriptor"),
        ("[ a", 2, "[: missing ]"),
        ("[ a -eq 1 ]", 2, "[: a: bad number"),
        ("exit x", 1, "exit: x: bad number"),
    ],
)
def test_errors(line: str, code: int, err: str) -> None:
    assert Console().run(line) == (code, b"", f"{SH}: {err}\n".encode())


def test_an_error_on_the_second_line_lets_the_first_run() -> None:
    assert Console().run("echo a\necho (")[:2] == (1, b"a\n")
    assert Console().run("echo a; echo (")[:2] == (1, b"")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("exit 7", 7),
        ("exit 256", 0),
        ("exit 300", 44),
        ("false", 1),
        ("true", 0),
        ("false | true", 0),
        ("true | false", 1),
        ("nosuch || true", 0),
        ("", 0),
        ("set -e; false; true", 1),
        ("set -e; false || true; if false; then :; fi", 0),
    ],
)
def test_exit_codes(line: str, code: int) -> None:
    assert Console().run(line)[0] == code


def test_redirections() -> None:
    console = Console()
    console.ok("echo one > /sdcard/a; echo two >> /sdcard/a; echo three >> /storage/emulated/0/a")
    assert console.files.read("/sdcard/a") == b"one\ntwo\nthree\n"
    assert console.ok("cat < /sdcard/a | head -1") == "one\n"
    assert (
        console.ok("{ echo o; cat /nope; } > /sdcard/b 2>&1; cat /sdcard/b")
        == "o\ncat: /nope: No such file or directory\n"
    )
    assert console.ok("cat /nope 2> /sdcard/c; cat /sdcard/c") == "cat: /nope: No such file or directory\n"
    assert console.ok("{ echo o; cat /nope; } &> /sdcard/d; wc -l < /sdcard/d") == "2\n"
    assert console.run("cat /nope 2>&1 > /dev/null") == (1, b"cat: /nope: No such file or directory\n", b"")
    assert console.run("echo x >&2") == (0, b"", b"x\n")
    assert console.run("cat /nope 2>/dev/null; echo gone > /dev/null") == (0, b"", b"")
    assert console.run("echo e >&2 2>/dev/null") == (0, b"", b"e\n")
    assert console.ok("> /sdcard/empty; wc -c /sdcard/empty") == "0 /sdcard/empty\n"
    assert console.ok("for i in 1 2; do echo $i; done > /sdcard/l; cat /sdcard/l") == "1\n2\n"


def test_errors_after_the_shell_started_go_to_stderr_with_the_right_code() -> None:
    assert Console().run("nosuch 2>/dev/null; echo $?") == (0, b"127\n", b"")
    assert Console().run("nosuch; true") == (0, b"", b"/system/bin/sh: nosuch: inaccessible or not found\n")


def test_what_follows_a_nul_is_not_seen() -> None:
    assert Console().ok("echo a\0; echo b") == "a\n"


def test_bytes_that_are_no_utf_8_pass_through() -> None:
    line = b"printf %s 'a\xff\x80b' | cat; printf '\\377'".decode("utf-8", "surrogateescape")
    assert Console().run(line)[1] == b"a\xff\x80b\xff"


def test_standard_input_reaches_the_command() -> None:
    assert Console().ok("cat", b"one\ntwo\n") == "one\ntwo\n"
    assert Console().ok("cat > /sdcard/in; wc -c /sdcard/in", b"\x00\xff" * 500) == "1000 /sdcard/in\n"


def test_an_empty_line_runs_standard_input() -> None:
    script = b"echo a\nx=1\nif true\nthen echo b$x\nfi\necho 'c\nd'\ncat\nleft\nover\n"
    assert Console().run("", script)[1] == b"a\nb1\nc\nd\nleft\nover\n"
    assert Console().run("", b"exit 3\necho no\n") == (3, b"", b"")
    assert Console().run("", b"echo (\necho after\n")[1] == b"after\n"


def test_a_terminal_is_prompted() -> None:
    class OnTerminal(Typed):
        on_terminal = True

    console, out, err = Console(), bytearray(), bytearray()
    console.shell.run("", OnTerminal(b"cd /sdcard\necho 'a\nb'\n"), out.extend, err.extend, lambda: False)
    assert err == b"phone:/ $ phone:/sdcard $ > phone:/sdcard $ "
    assert out == b"a\nb\n"


def test_services_for_the_wire() -> None:
    class Both:
        def __init__(self) -> None:
            self.out = self.err = b""

        def stdout(self, data: bytes) -> None:
            self.out += data

        def stderr(self, data: bytes) -> None:
            self.err += data

    services, output = PhoneServices(RecordingDevice()), Both()
    assert services.run("echo a > /sdcard/a; cat /sdcard/a; nosuch", Typed(), output, lambda: False) == 127
    assert (output.out, services.files.read("/sdcard/a")) == (b"a\n", b"a\n")
    assert output.err.endswith(b"nosuch: inaccessible or not found\n")
    assert services.banner == {
        "ro.product.name": "phone",
        "ro.product.model": "Phone One",
        "ro.product.device": "phone",
    }


# -- bounds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "while true; do :; done",
        "while :; do x=$x$x; x=a$x; done",
        "yes",
        "yes | cat > /dev/null",
        "yes | sort | head -1",
        "seq 1 999999999999",
        "x=a; while true; do x=$x$x; done",
        "sleep infinity",
        "logcat",
        "cat | cat",
        "until false; do echo x; done | cat > /dev/null",
        "for i in $(seq 1 999999); do for j in $(seq 1 999999); do :; done; done",
        "yes a | grep -E '(a*)*b'",
        "sleep 100000 | sleep 100000",
        "sleep 99 & sleep 98 & wait",
        "yes > /sdcard/full",
        "eval \"$(yes 'eval x |' | head -500)\"",
        'x=\'eval "$x"\'; eval "$x"',
        'x=\'sh -c "$x"\'; export x; sh -c "$x"',
        "input swipe 0 0 1 1 600000",
        "(while true; do true; done) & (while true; do true; done) & wait",
    ],
)
def test_what_would_not_end_ends_when_the_client_leaves(line: str) -> None:
    console = Console()
    console.device.clock.sleep = time.sleep  # type: ignore[method-assign]
    console.device.clock.now = time.monotonic  # type: ignore[method-assign]
    kept = 0

    def keep(data: bytes) -> None:
        nonlocal kept
        kept += len(data)

    class Silent:
        def read(self) -> bytes:
            console.gone.wait()
            return b""

    left = 0.0
    with console.leaving(0.2):
        began = time.monotonic()
        console.shell.run(line, Silent(), keep, keep, console.gone.is_set)
        left = time.monotonic() - began
    assert left < 8, line
    assert not [thread for thread in threading.enumerate() if thread.name == "phone shell"]


def test_a_loop_without_end_is_killed_even_if_the_client_stays() -> None:
    assert Console().run("while true; do :; done")[0] == 137
    assert Console().run("i=0; while true; do i=$((i+1)); done; echo never")[:2] == (137, b"")


def test_a_line_of_a_megabyte() -> None:
    text = "a" * 1_000_000
    began = time.monotonic()
    assert Console().ok(f"echo {text} | wc -c") == "1000001\n"
    assert Console().ok(f"echo '{text}' | wc -c") == "1000001\n"
    assert Console().run("echo " + "a " * 500_000)[1] != b""
    assert Console().run("echo " + "a;" * 500_000)[0] in (127, 137)
    assert time.monotonic() - began < 60


def test_a_line_beyond_what_linux_takes() -> None:
    assert Console().run("echo " + "a" * 2_000_000) == (126, b"", b"/system/bin/sh: Argument list too long\n")


@pytest.mark.parametrize(
    "opening",
    ["(", "{ ", "$(", "`", '"$(', "${x:-", "$((", "if ", "while ", "! ", "case x in x) ", 'echo "', "{", "((("],
)
def test_deep_nesting_is_refused(opening: str) -> None:
    for count in (51, 5_001, 1_000_000 // len(opening) | 1):
        code, _out, err = Console().run("echo " * opening.startswith(("$", "`", '"')) + opening * count)
        assert 0 < code <= 255
        assert err.startswith(b"/system/bin/sh: ")


def test_closed_deep_nesting_works_or_is_refused() -> None:
    assert Console().ok("(" * 20 + "echo a" + ")" * 20) == "a\n"
    assert b"too many nested commands" in Console().run("(" * 200 + "echo a" + ")" * 200)[2]
    assert b"too many nested commands" in Console().run("echo " + "$(echo " * 200 + "a" + ")" * 200)[2]
    assert Console().run("echo " + "$((" + "(" * 500 + "1" + ")" * 500 + "))")[0] != 0


def test_many_processes_are_refused() -> None:
    code, _out, err = Console().run(" | ".join(["logcat"] * 500))
    assert (code, err) == (137, b"/system/bin/sh: can't fork - try again\n")


def test_many_commands_in_a_pipe_work() -> None:
    assert Console().ok("echo a" + " | cat" * 40) == "a\n"


def test_a_pipe_does_not_hold_all_that_goes_through_it() -> None:
    assert Console().ok("yes | head -n 300000 | tail -n 1") == "y\n"
    assert Console().ok("yes | head -2") == "y\ny\n"


def test_two_runs_at_once_do_not_disturb_each_other() -> None:
    console = Console()
    found: dict[int, str] = {}

    def work(number: int) -> None:
        found[number] = console.ok(f"x={number}; for i in 1 2 3 4 5; do echo $x; cd /sdcard; done | sort -u; cd /")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"{number}\n" for number in range(8)}


def test_the_parser_runs_nothing_and_knows_what_is_incomplete() -> None:
    for text, incomplete in [
        ("echo '", True),
        ("if true", True),
        ("a &&", True),
        ("(a", True),
        ("a )", False),
        ("a;;", False),
    ]:
        with pytest.raises(ShellSyntaxError) as caught:
            list(iter(Parser(text).next, None))
        assert caught.value.incomplete is incomplete, text


def test_arithmetic_agrees_with_python() -> None:
    for text in (
        "1+2*3-4",
        "(1+2)*3",
        "10%4+7/2",
        "1<2",
        "2>=3",
        "5&3",
        "5|3",
        "5^3",
        "~5",
        "!0",
        "1<<4",
        "256>>2",
        "-3+-4",
    ):
        want = eval(re.sub(r"!0", "1", text).replace("/", "//"))  # noqa: S307 - the line above is the whole input
        assert Console().ok(f"echo $(({text}))") == f"{int(want)}\n"
