"""Numbers with blanks between them: how many, their mean and their median. What is no number ends this process and fails the job."""
import statistics
import sys

for line in sys.stdin:
    numbers = [float(word) for word in line.split()]
    print(len(numbers), statistics.mean(numbers), statistics.median(numbers), flush=True)
