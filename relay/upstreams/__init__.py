"""Where a session's other end is: providers, the address and query that are dialled, and the dialling.

providers   what the relay has to know of each service
query       what of a peer's query goes upstream, and the model with it
targets     a request made into an address and headers; opens nothing
dialling    the connection opened, with fresh credentials
entra       tokens of Microsoft Entra ID
"""
