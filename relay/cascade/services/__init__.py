"""What waits for services: orders go in, results come out, over HTTP and WebSocket.

services     one session's orders, each a task, and where their results go
attempts     how long a service may take, when it is asked again, and where else
asking       requests over HTTP, and what becomes of a bad answer
failures     what goes wrong, in words for an operator
hearing      a turn posted as a file
sessions     transcription sessions over WebSocket, which hear while one speaks
vllm         vLLM's own way of hearing
thinking     Chat Completions
limits       how much more of a service may be used, by the headers of its answers
responses    the Responses API
speaking     sound for a piece of text
reading      the same by a model of the Realtime API
inbox        what came for one order over a connection that others share
sound        WAV, rates, whole samples
turns        the sound of a turn, as it comes
usage        what a service says it used
probing      whether services answer at all, and how fast
"""
