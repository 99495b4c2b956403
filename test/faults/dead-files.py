"""A file system of one file, `lib`, that answers until SIGUSR1 and then never again: python3 fuse.py FOLDER"""
import ctypes, os, signal, struct, sys
place = sys.argv[1]
fd = os.open('/dev/fuse', os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b'dead', place.encode(), b'fuse', 0, f'fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other'.encode()):
    sys.exit(os.strerror(ctypes.get_errno()))
dead = False
def die(*_):
    global dead
    dead = True
signal.signal(signal.SIGUSR1, die)
DATA = open(sys.executable, 'rb').read(65536)
def attr(ino):
    mode = 0o40755 if ino == 1 else 0o100755
    return struct.pack('<6Q3I7I', ino, 0 if ino == 1 else len(DATA), 128, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
print('ready', flush=True)
while True:
    try: request = os.read(fd, 1 << 20)
    except InterruptedError: continue
    if dead: continue
    _, op, unique, node = struct.unpack_from('<IIQQ', request)
    body = request[40:]
    error, out = 0, b''
    if op == 26: out = struct.pack('<IIIIHHIIHHIIIHH20x', 7, 31, 65536, 0, 16, 12, 65536, 1, 16, 0, 0, 0, 0, 0, 0)[:64]
    elif op == 1:
        if body.rstrip(b'\0') == b'lib': out = struct.pack('<QQQQII', 2, 0, 0, 0, 0, 0) + attr(2)
        else: error = -2
    elif op == 3: out = struct.pack('<QII', 0, 0, 0) + attr(node)
    elif op in (14, 27): out = struct.pack('<QII', 1, 0, 0)
    elif op == 15:
        _, offset, size = struct.unpack_from('<QQI', body)
        out = DATA[offset:offset + size]
    elif op in (2, 42): continue
    elif op in (18, 25, 29): pass
    else: error = -38
    if error: out = b''
    os.write(fd, struct.pack('<IiQ', 16 + len(out), error, unique) + out)
