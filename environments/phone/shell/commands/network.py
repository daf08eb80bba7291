"""`ip`, `ifconfig`, `ping`: a phone with Wi-Fi at a fixed address, and no network behind it."""

from environments.phone.shell.call import Call, Failure

ADDRESS, NETWORK, BROADCAST = "192.168.1.23", "192.168.1.0/24", "192.168.1.255"
HARDWARE = "02:00:00:00:00:00"


def _connected(call: Call) -> bool:
    return call.device.setting("global", "wifi_on") != "0"


def ip(call: Call) -> int:
    words = [word for word in call.args if not word.startswith("-")]
    kind = words[0] if words else ""
    if kind and "route".startswith(kind):
        if _connected(call):
            call.say(f"{NETWORK} dev wlan0 proto kernel scope link src {ADDRESS} ")
        return 0
    if kind and ("address".startswith(kind) or kind == "link"):
        names = [word for word in words[1:] if word not in ("show", "dev", "list")]
        if names and names[0] not in ("lo", "wlan0"):
            raise Failure(f'Device "{names[0]}" does not exist.')
        if not names or names[0] == "lo":
            call.say("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n"
                     "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00")  # fmt: skip
            if kind != "link":
                call.say("    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever")
        if not names or names[0] == "wlan0":
            state = "UP" if _connected(call) else "DOWN"
            flags = "BROADCAST,MULTICAST,UP,LOWER_UP"
            call.say(f"2: wlan0: <{flags}> mtu 1500 qdisc mq state {state} group default qlen 3000\n"
                     f"    link/ether {HARDWARE} brd ff:ff:ff:ff:ff:ff")  # fmt: skip
            if kind != "link" and _connected(call):
                call.say(
                    f"    inet {ADDRESS}/24 brd {BROADCAST} scope global wlan0\n"
                    "       valid_lft forever preferred_lft forever"
                )
        return 0
    raise Failure(
        f'Object "{kind}" is unknown, try "ip help".' if kind else "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }",
        255,
    )


def ifconfig(call: Call) -> int:
    names = [word for word in call.args if not word.startswith("-")]
    if names and names[0] not in ("lo", "wlan0"):
        raise Failure(f"ifconfig: {names[0]}: No such device")
    if not names or names[0] == "wlan0":
        call.say(f"wlan0     Link encap:Ethernet  HWaddr {HARDWARE}  Driver virtio_net")
        if _connected(call):
            call.say(f"          inet addr:{ADDRESS}  Bcast:{BROADCAST}  Mask:255.255.255.0 ")
        call.say("          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n"
                 "          RX packets:0 errors:0 dropped:0 overruns:0 frame:0 \n"
                 "          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0 \n")  # fmt: skip
    if not names or names[0] == "lo":
        call.say("lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0 \n"
                 "          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n")  # fmt: skip
    return 0


def ping(call: Call) -> int:
    _options, names = call.options("46nqa", "ciWwIst")
    call.need(names)
    call.err(f"ping: unknown host {names[0]}")
    return 2


PROGRAMS = {"ip": ip, "ifconfig": ifconfig, "ping": ping}
