"""The commands on files, on text and on the system."""

import hashlib
import re
import threading
import time

import pytest

from environments.phone.files import Files
from tests.environments.phone.recording_device import Console, Typed


def with_files() -> Console:
    console = Console()
    console.ok(
        "cd /sdcard; printf 'one\\ntwo\\nthree\\n' > a.txt; printf 'b\\n' > b.txt; mkdir -p d/e; echo deep > d/e/f; "
        "touch .hidden"
    )
    return console


@pytest.mark.parametrize(
    ("line", "out"),
    [
        ("ls /sdcard", "DCIM\nDownload\nPictures\na.txt\nb.txt\nd\n"),
        ("ls -a /sdcard/d", ".\n..\ne\n"),
        ("ls -A /sdcard | head -1", ".hidden\n"),
        ("ls -d /sdcard /sdcard/*.txt", "/sdcard\n/sdcard/a.txt\n/sdcard/b.txt\n"),
        ("ls /sdcard/d /sdcard/a.txt", "/sdcard/a.txt\n\n/sdcard/d:\ne\n"),
        ("ls -R /sdcard/d", "/sdcard/d:\ne\n\n/sdcard/d/e:\nf\n"),
        ("ls -p /sdcard/d; ls -S /sdcard/?.txt", "e/\n/sdcard/a.txt\n/sdcard/b.txt\n"),
        ("ls -l /sdcard/a.txt", "-rw-r--r-- 1 shell shell 14 2023-11-14 22:30 /sdcard/a.txt\n"),
        ("cat /sdcard/b.txt /sdcard/d/e/f", "b\ndeep\n"),
        ("cd /sdcard; cp a.txt c.txt; cat c.txt | wc -l; cp a.txt d; ls d", "3\na.txt\ne\n"),
        ("cd /sdcard; cp -r d g; cat g/e/f; mv g h; ls g; cat h/e/f", "deep\ndeep\n"),
        ("cd /sdcard; mv a.txt z.txt; ls *.txt; mv z.txt b.txt d; ls d", "b.txt\nz.txt\nb.txt\ne\nz.txt\n"),
        ("cd /sdcard; rm a.txt; rm -f none; rm -rf d; ls", "DCIM\nDownload\nPictures\nb.txt\n"),
        ("cd /sdcard/d; ls; mkdir -p x/y/z; rmdir x/y/z; ls x", "e\ny\n"),
        (
            "cd /sdcard; touch new; stat -c '%s %n %F' new; stat -c %a a.txt; chmod 755 a.txt; stat -c %A a.txt",
            "0 new regular file\n644\n-rwxr-xr-x\n",
        ),
        (
            "find /sdcard/d; cd /sdcard; find . -name '*.txt' -type f | sort; find d -type d -maxdepth 1",
            "/sdcard/d\n/sdcard/d/e\n/sdcard/d/e/f\n./a.txt\n./b.txt\nd\nd/e\n",
        ),
        ("find /sdcard -name f -delete; ls /sdcard/d/e", ""),
        (
            "basename /a/b.txt .txt; dirname /a/b.txt; basename /; realpath /sdcard/d/../a.txt",
            "b\n/a\n/\n/sdcard/a.txt\n",
        ),
        ("du -s /sdcard/d; du /sdcard/d | tail -1", "9\t/sdcard/d\n9\t/sdcard/d\n"),
        ("head -n 2 /sdcard/a.txt; head -1 < /sdcard/a.txt; head -c 4 /sdcard/a.txt", "one\ntwo\none\none\n"),
        (
            "tail -n 1 /sdcard/a.txt; tail -2 /sdcard/a.txt; tail -n +3 /sdcard/a.txt; tail -c 3 /sdcard/a.txt",
            "three\ntwo\nthree\nthree\nee\n",
        ),
        ("head -n 1 /sdcard/a.txt /sdcard/b.txt", "==> /sdcard/a.txt <==\none\n\n==> /sdcard/b.txt <==\nb\n"),
        (
            "wc /sdcard/a.txt; wc -l < /sdcard/a.txt; wc -c /sdcard/?.txt",
            "3 3 14 /sdcard/a.txt\n3\n14 /sdcard/a.txt\n2 /sdcard/b.txt\n16 total\n",
        ),
        ("sort /sdcard/a.txt; sort -r /sdcard/a.txt | head -1", "one\nthree\ntwo\ntwo\n"),
        ("printf '10\\n9\\n9\\n' | sort -n; printf '10\\n9\\n9\\n' | sort -nu", "9\n9\n10\n9\n10\n"),
        ("printf 'b 1\\na 2\\n' | sort -k 2; printf 'b:1\\na:0\\n' | sort -t : -k 2", "b 1\na 2\na:0\nb:1\n"),
        ("printf 'a\\na\\nb\\n' | uniq -c; printf 'a\\na\\nb\\n' | uniq -d", "      2 a\n      1 b\na\n"),
        ("echo a:b:c | cut -d : -f 2,3; echo abcdef | cut -c 2-4; echo abc | cut -c 2-", "b:c\nbcd\nbc\n"),
        (
            "echo hello | tr a-y b-z; echo HeLLo | tr '[:upper:]' '[:lower:]'; echo 'a\\r' | tr -d '\\r'; "
            "echo aabb | tr -s ab",
            "ifmmp\nhello\na\nab\n",
        ),
        ("echo x | tee /sdcard/t; echo y | tee -a /sdcard/t > /dev/null; cat /sdcard/t", "x\nx\ny\n"),
        ("seq 3; seq 2 3; seq 1 2 5; seq 3 -1 2", "1\n2\n3\n2\n3\n1\n3\n5\n3\n2\n"),
        ("printf '%5s|%-5s|%05d|%x|%c|%%|%.2f|%b' a b 42 255 xyz 1.5 'q\\tr'", "    a|b    |00042|ff|x|%|1.50|q\tr"),
        ("printf '%s,' a b c; printf '%d\\n' 0x10 010 -3 \"'A\"", "a,b,c,16\n8\n-3\n65\n"),
        (
            "printf 'a b\\nc\\n' | xargs echo x; printf 'a b c' | xargs -n 2; "
            "printf 'a\\nb\\n' | xargs -I {} echo '<{}>'",
            "x a b c\na b\nc\n<a>\n<b>\n",
        ),
        ("expr 2 + 3; expr 7 / 2; expr a = a; expr 3 '>' 4", "5\n3\n1\n0\n"),
        ("echo -n abc | base64; echo YWJj | base64 -d; printf 'a\\000b' | base64 -w 0", "YWJj\nabcYQBi"),
        (
            "printf 'ab\\377' | xxd -p; printf 'Hello, phone!' | xxd",
            "6162ff\n00000000: 4865 6c6c 6f2c 2070 686f 6e65 21         Hello, phone!\n",
        ),
        ("printf '1\\n2\\n' | tac", "2\n1\n"),
    ],
)
def test_commands(line: str, out: str) -> None:
    code, found, err = with_files().run(line)
    assert found.decode() == out
    assert err in (b"", b"ls: g: No such file or directory\n")
    assert code in (0, 1)


@pytest.mark.parametrize(
    ("line", "err"),
    [
        ("ls /nope", "ls: /nope: No such file or directory"),
        ("cat /nope", "cat: /nope: No such file or directory"),
        ("cat /sdcard", "cat: /sdcard: Is a directory"),
        ("rm /sdcard/nope", "rm: /sdcard/nope: No such file or directory"),
        ("rm /sdcard/d", "rm: /sdcard/d: Is a directory"),
        ("rm -rf /", "rm: /: Read-only file system"),
        ("rm -rf /system", "rm: /system: Read-only file system"),
        ("rm -rf /sdcard", "rm: /sdcard: Device or resource busy"),
        ("mkdir /sdcard/d", "mkdir: /sdcard/d: File exists"),
        ("mkdir /sdcard/x/y", "mkdir: /sdcard/x/y: No such file or directory"),
        ("mkdir /data/x", "mkdir: /data/x: Permission denied"),
        ("rmdir /sdcard/d", "rmdir: /sdcard/d: Directory not empty"),
        ("cp /nope /sdcard", "cp: bad '/nope': No such file or directory"),
        ("cp /sdcard/d /sdcard/q", "cp: Skipped dir '/sdcard/d'"),
        ("cp -r /sdcard/d /sdcard/d/e/z", "cp: '/sdcard/d' to itself"),
        ("mv /sdcard/a.txt /sdcard/b.txt /sdcard/nodir", "mv: '/sdcard/nodir' not directory"),
        ("stat /nope", "stat: /nope: No such file or directory"),
        ("ls --nonsense", "ls: Unknown option '-' (see \"ls --help\")"),
        ("cp a", 'cp: Needs 2 arguments (see "cp --help")'),
        ("head -n x /sdcard/a.txt", "head: not integer: x"),
        ("head -n", "head: Missing argument to 'n' (see \"head --help\")".replace("'n'", "'-n'")),
        ("md5sum /nope", "md5sum: /nope: No such file or directory"),
        ("sleep x", "sleep: bad number 'x'"),
        ("find /sdcard -fly", "find: bad arg '-fly'"),
        ("printf %d x", "printf: bad number 'x'"),
        ("printf", 'printf: Needs 1 argument (see "printf --help")'),
        ("date 0101", "date: cannot set date: Operation not permitted"),
        ("toybox fly", "toybox: Unknown command fly"),
        (f"touch /sdcard/{'a' * 300}", f"touch: /sdcard/{'a' * 300}: File name too long"),
    ],
)
def test_what_goes_wrong(line: str, err: str) -> None:
    code, out, found = with_files().run(line)
    assert (code in (1, 127), out, found.decode()) == (True, b"", err + "\n")


def test_one_failure_does_not_stop_the_others() -> None:
    console = with_files()
    assert console.run("cat /sdcard/b.txt /nope /sdcard/b.txt") == (
        1,
        b"b\nb\n",
        b"cat: /nope: No such file or directory\n",
    )
    assert console.run("rm /nope /sdcard/b.txt")[0] == 1
    assert console.files.stat("/sdcard/b.txt") is None


def test_checksums() -> None:
    console = Console()
    data = bytes(range(256))
    console.files.write("/data/local/tmp/f", data)
    for name in ("md5", "sha1", "sha256", "sha512"):
        digest = hashlib.new(name, data).hexdigest()
        assert console.ok(f"{name}sum /data/local/tmp/f") == f"{digest}  /data/local/tmp/f\n"
        assert console.ok(f"toybox {name}sum < /data/local/tmp/f") == f"{digest}  -\n"


def test_a_file_system_that_is_full() -> None:
    console = Console()
    code, _out, err = console.run("yes | head -c 70000000 > /sdcard/big")
    assert code == 1
    assert b"No space left on device" in err or err == b""
    console.ok("rm /sdcard/big; echo x > /sdcard/small; cat /sdcard/small; df /data")


def test_a_script_among_the_files() -> None:
    console = Console()
    console.ok("echo 'echo ran $1; exit 4' > /data/local/tmp/s.sh")
    assert console.run("/data/local/tmp/s.sh a") == (
        126,
        b"",
        b"/system/bin/sh: /data/local/tmp/s.sh: can't execute: Permission denied\n",
    )
    assert console.run("sh /data/local/tmp/s.sh b") == (4, b"ran b\n", b"")
    assert console.run("chmod +x /data/local/tmp/s.sh; /data/local/tmp/s.sh c") == (4, b"ran c\n", b"")
    assert console.ok("echo 'x=5' > /sdcard/v; . /sdcard/v; echo $x") == "5\n"


def test_nothing_leads_to_the_hosts_files() -> None:
    console = Console()
    for path in (
        "/etc/passwd",
        "/../../etc/passwd",
        "/sdcard/../../etc/passwd",
        "/proc/self/environ",
        "~/.bashrc",
        "file:///etc/passwd",
    ):
        for line in (
            "cat {0}",
            "cat < {0}",
            "sh {0}",
            ". {0}",
            "cp {0} /sdcard/x",
            "head {0}",
            "grep . {0}",
            "base64 {0}",
            "find {0}",
        ):
            code, out, _err = console.run(line.format(path))
            assert (code != 0, out) == (True, b""), (line, path)
    assert Files().list("/") == console.files.list("/")


# -- the system --------------------------------------------------------------------------------------------------------


def test_time_is_the_phones() -> None:
    console = Console()
    assert console.ok("date") == "Tue Nov 14 22:30:00 UTC 2023\n"
    assert (
        console.ok("date +%s; date +%Y-%m-%dT%H:%M:%S.%N%z; date -u '+%% %q'")
        == "1700001000\n2023-11-14T22:30:00.000000000+0000\n% %q\n"
    )
    began = time.monotonic()
    assert console.ok("sleep 3600; date +%H:%M; sleep 0.5 1m") == "23:30\n"
    assert console.device.clock.now() == pytest.approx(1000 + 3600 + 60.5)
    assert time.monotonic() - began < 20


def test_who_and_what() -> None:
    console = Console()
    assert console.ok("whoami; id -u; uname; uname -m") == "shell\n2000\nLinux\naarch64\n"
    assert console.ok("id").startswith("uid=2000(shell) gid=2000(shell) groups=")
    console.ok("am start -n com.android.settings/.Settings")
    lines = console.ok("ps -A").splitlines()
    assert lines[0].split() == ["USER", "PID", "PPID", "VSZ", "RSS", "WCHAN", "ADDR", "S", "NAME"]
    row = next(line.split() for line in lines if line.endswith(" com.android.settings"))
    assert row[1] == console.ok("pidof com.android.settings").strip()
    assert console.ok("ps -A -o PID,NAME | grep settings") == f"{row[1]} com.android.settings\n"
    assert console.run("pidof com.none") == (1, b"", b"")
    assert console.run("kill 99999") == (1, b"", b"kill: 99999: No such process\n")
    assert console.run("kill 600; pkill -f x; killall system_server")[2].count(b"not permitted") == 2
    assert "Tasks: " in console.ok("top -n 1")


def test_the_log() -> None:
    console = Console()
    console.ok("log -p e -t Tag 'some words'; log plain")
    out = console.ok("logcat -d")
    assert out.startswith("--------- beginning of main\n")
    assert re.search(r"^11-14 22:30:00\.000  4001  4001 E Tag     : some words$", out, re.MULTILINE)
    assert console.ok("logcat -d -v brief -s Tag").splitlines()[1:] == ["E/Tag( 4001): some words"]
    assert console.ok("logcat -d -v brief '*:W'").splitlines()[1:] == ["E/Tag( 4001): some words"]
    assert console.ok("logcat -d -t 1 -v raw").splitlines()[1:] == ["plain"]
    assert console.ok("logcat -c; logcat -d") == "--------- beginning of main\n"
    for number in range(2100):
        console.shell.machine.note("I", "many", str(number))
    assert len(console.ok("logcat -d").splitlines()) == 2001


def test_the_log_is_followed_until_the_client_leaves() -> None:
    console = Console()
    out = bytearray()
    seen = threading.Event()

    def keep(data: bytes) -> None:
        out.extend(data)
        if b"later" in out:
            seen.set()

    work = threading.Thread(
        target=console.shell.run, args=("logcat | grep later", Typed(), keep, keep, console.gone.is_set)
    )
    work.start()
    time.sleep(0.1)
    console.ok("log -t T later")
    assert seen.wait(10)
    console.gone.set()
    work.join(10)
    assert not work.is_alive()
