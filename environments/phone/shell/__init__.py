"""The device shell, in the manner of Android's mksh and toybox, and the commands that ADB clients send.

parser, expand, process   the shell: a tree of the line, its words expanded, carried out
builtins, commands        what it can run; commands/ has a file for each family
call                      what a command is given
serve                     Shell and PhoneServices

It speaks to the phone through Device and Files only. No host shell and no host file is ever involved.
"""

from environments.phone.shell.call import Call, Failure, Program
from environments.phone.shell.serve import PhoneServices, Shell

__all__ = ["Call", "Failure", "PhoneServices", "Program", "Shell"]
