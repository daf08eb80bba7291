"""The device shell, in the manner of Android's mksh and toybox, and the commands that ADB clients send.

lexer, parser, tree           a line as a tree
expand, arithmetic, escapes   its words as arguments
process, scope, redirect      the tree carried out, between streams
builtins, commands            what it can run; commands/ has a file for each family
call                          what a command is given, and what a line may use
regex, pattern                the expressions of grep and sed, in linear time
faults                        what a test can make go wrong
serve                         Shell and PhoneServices

It speaks to the phone through Device and Files only. No host shell and no host file is ever involved.
"""

from environments.phone.shell.call import Call, Failure, Program
from environments.phone.shell.serve import PhoneServices, Shell

__all__ = ["Call", "Failure", "PhoneServices", "Program", "Shell"]
