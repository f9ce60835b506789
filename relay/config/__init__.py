"""What an operator writes: settings from the command line, the environment and a TOML file, checked and frozen.

settings           all of them in one object; upstream_options has those that say where sessions go
loading            where they are found, and what is wrong there
profiles           what is injected into sessions, and what their peers may not change
kinds              the kinds of sessions: where each is served, what opens and meters it
limits, quotas     what one session may take, and what all of them may; prices.toml says what models cost
dialects           the names of what ends may speak
session_types      the `openai` package's word on what a session object may be
jwt_options, token_options, recording_options   parts of the settings with a form of their own
words              the forms of single words: origins, proxies, keys, addresses
explanations       what is wrong with a setting, in a sentence
errors             how a wrong one is told
"""
