# Python's arenas: of 1,000,000 small objects one in a hundred is left, and holds its arena.
import time
objects = [(index, str(index)) for index in range(1_000_000)]
objects = objects[::100]
print("ready", flush=True)
time.sleep(1000)
