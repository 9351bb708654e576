"""Other systems that know customers: how each is asked who calls, and told of calls. No I/O: requests out, answers in.

An adapter is made of settings and answers with exchanges (see interface.py); `softacd.runtime.crm` carries them out.
Other packages add kinds by an entry point of the group "softacd.crm": its name is the kind, its object an `Adapter`.
"""
