"""Run by gdb: stops a program at many places, and writes what gdb finds there, as one JSON document a line.

A stop is where the program calls stop_here(), or another function, or some number of instructions later; without such
a function, the program is stopped from its first instruction on. Of each stop: registers, a copy of the stack, the
process's maps, and gdb's frames.
"""

import json
import re

import gdb

gdb.execute("set pagination off")
gdb.execute("set confirm off")
gdb.execute("set width 0")
gdb.execute("set backtrace past-main on")
gdb.execute("set backtrace past-entry on")
gdb.execute("set backtrace limit 600")
gdb.execute("set print demangle off")
gdb.execute("set startup-with-shell off")
gdb.execute("set debuginfod enabled off", to_string=True)
gdb.execute("handle all nostop noprint pass", to_string=True)
gdb.execute("handle SIGTRAP stop", to_string=True)

MOST_STACK = 256 * 1024


def number(value):
    return int(value) & 0xFFFFFFFFFFFFFFFF


def symbol_at(address):
    """name and offset of the symbol that gdb finds for an address."""
    if address <= 0:
        return (None, None)
    text = gdb.execute("info symbol 0x%x" % address, to_string=True)
    found = re.match(r"(\S+)(?: \+ (\d+))? in section", text)
    return (found.group(1), int(found.group(2) or 0)) if found else (None, None)


def frames_of():
    found = []
    frame = gdb.newest_frame()
    while frame is not None:
        kind = frame.type()
        # Inlined functions and tail calls have no place on the stack.
        if kind not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            pc = number(frame.pc())
            after_signal = bool(found) and found[-1]["signal"]
            look = pc if not found or after_signal else pc - 1
            name, offset = symbol_at(look)
            found.append(
                {
                    "pc": "%x" % pc,
                    "signal": kind == gdb.SIGTRAMP_FRAME,
                    "name": name,
                    "offset": None if offset is None else offset + pc - look,
                }
            )
        frame = frame.older()
    return found


def maps_of(pid):
    """The process's own listing; a program in an emulator has none."""
    if gdb.selected_inferior().connection.type != "native":
        return ""
    with open("/proc/%d/maps" % pid) as maps:
        return maps.read()


def stack_from(sp, maps):
    memory = gdb.selected_inferior()
    for line in maps.splitlines():
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if start <= sp < end:
            return bytes(memory.read_memory(sp, min(end - sp, MOST_STACK)))
    found = b""
    while len(found) < MOST_STACK:
        try:
            found += bytes(memory.read_memory(sp + len(found), 1024))
        except gdb.MemoryError:
            break
    return found


def chain_of(newest, names):
    """What the kernel finds by frame pointers: perf_callchain_user() in arch/x86/events/core.c."""
    found = [number(newest.read_register("pc"))]
    pointer = number(newest.read_register("rbp")) if "rbp" in names else 1
    while pointer % 8 == 0 and len(found) < 127:
        try:
            record = bytes(gdb.selected_inferior().read_memory(pointer, 16))
        except gdb.MemoryError:
            break
        pointer = int.from_bytes(record[:8], "little")
        found.append(int.from_bytes(record[8:], "little"))
    return ["%x" % pc for pc in found]


def write(out, names):
    pid = gdb.selected_inferior().pid
    maps = maps_of(pid)
    newest = gdb.newest_frame()
    sp = number(newest.read_register("sp"))
    document = {
        "pid": pid,
        "maps": maps,
        "pc": "%x" % number(newest.read_register("pc")),
        "registers": ["%x" % number(newest.read_register(name)) for name in names],
        "stack": stack_from(sp, maps).hex(),
        "chain": chain_of(newest, names),
        "frames": frames_of(),
    }
    out.write(json.dumps(document) + "\n")


def is_alive():
    return gdb.selected_inferior().pid != 0


def start(place):
    try:
        # Another function is in a library that is loaded later.
        gdb.execute("set breakpoint pending " + ("off" if place == "stop_here" else "on"))
        gdb.execute("break " + place, to_string=True)
        gdb.execute("run", to_string=True)
    except gdb.error:
        gdb.execute("starti", to_string=True)


def attach(socket, place):
    """A program that an emulator holds at its first instruction."""
    gdb.execute("target remote " + socket, to_string=True)
    gdb.execute("break " + place, to_string=True)
    gdb.execute("continue", to_string=True)


def stops(path, names, every, most, place="stop_here", socket=None):
    with open(path, "w") as out:
        if socket is None:
            start(place)
        else:
            attach(socket, place)
        count = 0
        while is_alive() and count < most:
            write(out, names)
            count += 1
            try:
                if every > 0:
                    gdb.execute("stepi %d" % every, to_string=True)
                else:
                    gdb.execute("continue", to_string=True)
            except gdb.error:
                break
        if is_alive():
            gdb.execute("kill", to_string=True)
