#!/usr/bin/env python3
"""Runs a program that is not told by the kernel when network interfaces come and go.

Chromium gives up all that it is loading then (ERR_NETWORK_CHANGED), and every container and every environment that a
test makes is such an interface.
"""

import ctypes
import errno
import os
import platform
import socket
import sys

_SOCKET = {"x86_64": 41, "aarch64": 198}  # the number of the system call
_LOAD, _JUMP_IF, _RETURN = 0x20, 0x15, 0x06
_CALL, _FIRST_ARGUMENT = 0, 16  # where in `struct seccomp_data`
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EAFNOSUPPORT
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("first", ctypes.POINTER(_Instruction))]


def refuse_netlink() -> None:
    """From now on, neither this process nor any that it starts gets a netlink socket."""
    steps = [
        (_LOAD, 0, 0, _CALL),
        (_JUMP_IF, 0, 3, _SOCKET[platform.machine()]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_IF, 0, 1, socket.AF_NETLINK),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    program = _Program(len(steps), (_Instruction * len(steps))(*(_Instruction(*step) for step in steps)))
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value, more in ((_NO_NEW_PRIVILEGES, 1, None), (_SECCOMP, _FILTER, ctypes.byref(program))):
        if libc.prctl(option, value, more, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    if platform.machine() in _SOCKET:
        refuse_netlink()
    os.execv("/usr/bin/chromium", ["chromium", *sys.argv[1:]])
