"""The client's end of a connection to the program."""
import fcntl
import os
import select
import socket
import struct
import termios
import time

from pattern import Failure

LIMIT = 30  # seconds for any wait


class Wire:
    """A socket, or two pipes. Takes in what comes while it sends."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.input, self.ended = b'', False
        for f in (reader, writer):
            os.set_blocking(f.fileno(), False)

    def exchange(self, data=b''):
        """Waits until something can be sent or received; what is left to send."""
        poll = select.poll()
        if not self.ended:
            poll.register(self.reader, select.POLLIN)
        if data and self.writer is self.reader:
            poll.register(self.reader, select.POLLIN | select.POLLOUT)
        elif data:
            poll.register(self.writer, select.POLLOUT)
        ready = dict(poll.poll(LIMIT * 1000))
        if not ready:
            raise Failure('nothing in time')
        if not self.ended and ready.get(self.reader.fileno(), 0) & ~select.POLLOUT:
            self.take_in()
        if data and ready.get(self.writer.fileno(), 0) & ~select.POLLIN:
            data = self.put_out(data)
        return data

    def take_in(self):
        try:
            some = os.read(self.reader.fileno(), 65536)
        except ConnectionResetError:
            some = b''
        self.input += some
        self.ended = not some

    def put_out(self, data):
        try:
            return data[os.write(self.writer.fileno(), data):]
        except (BrokenPipeError, ConnectionResetError):
            return b''  # what was expected of the server decides
        except BlockingIOError:
            return data

    def send(self, data):
        while data:
            data = self.exchange(data)

    def send_bytes(self, data):
        """One at a time; the server is given a moment to take each."""
        for i in range(len(data)):
            self.send(data[i:i + 1])
            for _ in range(40):
                if self.reader is not self.writer or \
                        struct.unpack('i', fcntl.ioctl(self.writer, termios.TIOCOUTQ, b'\0' * 4))[0] == 0:
                    break
                time.sleep(0.0005)

    def line(self):
        while b'\n' not in self.input:
            if self.ended:
                raise Failure(f'the server has closed, after {self.input!r}')
            self.exchange()
        line, _, self.input = self.input.partition(b'\n')
        if not line.endswith(b'\r'):
            raise Failure(f'line without CR: {line!r}')
        return line[:-1]

    def end(self):
        while not self.ended:
            self.exchange()
        if self.input:
            raise Failure(f'expected the end, got {self.input[:300]!r}')

    def half_close(self):
        if self.writer is self.reader:
            self.writer.shutdown(socket.SHUT_WR)
        else:
            self.writer.close()

    def close(self):
        self.reader.close()
        self.writer.close()
