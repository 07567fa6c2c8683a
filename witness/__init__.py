"""A witness of transparency logs: remembers how far it saw each, and signs that it did.

A program of its own, for another machine and another person: it needs Python and the
package `cryptography`, nothing else of this project.
"""
