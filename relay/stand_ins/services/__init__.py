"""Scripted services that hear, think and speak, OpenAI-shaped, over real sockets: for tests of a cascade.

    async with serve_services(Script(think_s=0.15)) as services:
        services.url                                   # before /audio/transcriptions, /chat/completions, /audio/speech
        services.fault("think", status=429, retry_after="2")

They understand nothing and know no voice: `Script` says what is heard, answered and played, and how long each takes.
Faults are queued for a service and strike one request each, the oldest first.

    scripts        what they say, and what goes wrong
    http           as much of HTTP/1.1 as they need, and of what breaks it
    answers        the three services' answers
    transcription  realtime transcription sessions, and vLLM's own
    serving        starting them
"""

from relay.stand_ins.services.scripts import Call, Script, ServiceFault
from relay.stand_ins.services.serving import ScriptedServices, serve_services

__all__ = ["Call", "Script", "ScriptedServices", "ServiceFault", "serve_services"]
