module trireme.invalid/examples/jobs

go 1.21
