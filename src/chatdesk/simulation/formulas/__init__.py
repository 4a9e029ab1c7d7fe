"""Exact results of queueing theory, one family of models a module.

Rates are per unit of time and times are in the same unit, whichever the caller likes; `planning`
speaks seconds. A wait is of all customers, answered or not, unless its name says otherwise.
"""
