"""What is promised of operations, counted: users without a pause, one operation meanwhile (`python -m bench.operations`)."""
