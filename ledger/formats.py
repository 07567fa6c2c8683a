"""How much may be written beside a transfer, whichever way it comes."""

# Metadata are so many texts of so many characters, by such names. The description of an
# import is one of them: what a client has written and an export shows, an import takes.
MOST_METADATA = 20
LONGEST_NAME = 40
LONGEST_TEXT = 500
