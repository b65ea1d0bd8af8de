"""What can go wrong, by what must follow from it."""


class Missing(Exception):
    """A tool is not installed: nothing can run."""


class WrongAnswer(Exception):
    """A server does not answer what all must answer: it is not measured at all."""


class Invalid(Exception):
    """A run had errors: it gives no figure."""
