"""The way to what the scripts for every server share."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "servers"))
import postgres  # noqa: E402  # pylint: disable=wrong-import-position,unused-import
from driven import *  # noqa: E402,F403  # pylint: disable=wrong-import-position,unused-import

# What a DBA may have set for a role or a database.
SERIALIZABLE = "-c%20default_transaction_isolation%3Dserializable"
