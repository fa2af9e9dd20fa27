"""A client as plain as the protocol allows: one send() for each digit with nothing between them, then one recv(1024)
for each job, white space stripped. Prints what each recv gave, one line a job; several runs with --runs."""
import argparse
import socket
import sys


def run(host, port, digits, timeout):
    with socket.create_connection((host, port), timeout=timeout) as connection:
        for digit in digits:
            connection.send(digit.encode())
        answers = []
        for _ in digits:
            data = connection.recv(1024)
            if not data:
                sys.exit("the connection was closed after %d of %d answers" % (len(answers), len(digits)))
            answers.append(data.decode("latin-1").strip())
        return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("digits")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=30)
    options = parser.parse_args()
    for _ in range(options.runs):
        for answer in run(options.host, options.port, options.digits, options.timeout):
            print(answer)


main()
