"""The operations, by what they are about. Each finds the row through the caller, calls the model and describes it."""
