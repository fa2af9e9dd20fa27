"""A client as plain as the protocol allows: one send() for each character with nothing between them, then one
recv(1024) for each digit, white space stripped. Prints what each recv gave, one line a job; several runs with --runs."""
import argparse
import socket
import sys
import time


def run(host, port, text, options):
    digits = [character for character in text if character.isdigit()]
    with socket.create_connection((host, port), timeout=options.timeout) as connection:
        if options.no_delay:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in [text] if options.together else text:
            connection.send(piece.encode())
        answers = []
        for number in range(len(digits)):
            if number == options.stall_at:
                time.sleep(options.stall)
            data = connection.recv(1024)
            if not data:
                sys.exit("the connection was closed after %d of %d answers" % (len(answers), len(digits)))
            answers.append(data.decode("latin-1").strip())
        return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("text", help="digits, and what else is sent with them")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=30)
    parser.add_argument("--together", action="store_true", help="one send() for all")
    parser.add_argument("--no-delay", action="store_true", help="each send() is a segment")
    parser.add_argument("--stall", type=float, default=0, help="seconds of standing still")
    parser.add_argument("--stall-at", type=int, default=-1, help="before the answer of this number")
    options = parser.parse_args()
    for _ in range(options.runs):
        for answer in run(options.host, options.port, options.text, options):
            print(answer, flush=True)


main()
