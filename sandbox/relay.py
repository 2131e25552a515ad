"""The relay inside a workspace: carries connections from a port of its own loopback to the proxy's socket.

A program for the sandbox's Python, without imports of this package: it starts, listens, and only then lets
the command begin.
"""

from sandbox.door import INSIDE

PORT = 3128
"""The customary port of a web proxy."""

PROGRAM = f"""
import os, select, socket, threading
listener = socket.create_server(('127.0.0.1', {PORT}), backlog=64)
if os.fork():
    os._exit(0)
os.setsid()
null = os.open(os.devnull, os.O_RDWR)
for number in (0, 1, 2):
    os.dup2(null, number)

def carry(near):
    far = socket.socket(socket.AF_UNIX)
    try:
        far.connect('{INSIDE}/egress.sock')
        other, reading = {{near: far, far: near}}, [near, far]
        while reading:
            for one in select.select(reading, [], [])[0]:
                data = one.recv(65536)
                if data:
                    other[one].sendall(data)
                else:
                    reading.remove(one)
                    other[one].shutdown(socket.SHUT_WR)
    except OSError:
        pass
    near.close()
    far.close()

while True:
    threading.Thread(target=carry, args=(listener.accept()[0],), daemon=True).start()
"""
