"""Checks what Barograph brings along: licences always, known vulnerabilities where one can ask."""
