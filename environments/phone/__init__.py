"""A simulated Android phone that real ADB clients accept.

wire     adbd: packets, streams, sync, shell framing; knows no phone
shell    the device shell and its commands; knows the phone through device.py only
screen   widgets, layout, fonts and painting
apps     the apps, declared on the widgets
world    the phone itself: state, windows, input, time; carries out device.py
"""
