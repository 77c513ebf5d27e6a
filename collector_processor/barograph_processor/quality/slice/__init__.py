"""Partial failures: is a part of the traffic harmed more than the rest?"""
