"""autogen_bridge: AutoGen agents in a cast, and interalign's users and judges in an AutoGen team.

An AutoGen agent in a cast calls models through the run's call path, so that cache, limits, budget and ledger hold for it. What
AutoGen does not export is not used. Importing this imports autogen-agentchat.
"""

from interalign.agents.autogen_bridge.client import CallerClient, Completer
from interalign.agents.autogen_bridge.members import JudgeChatAgent, UserChatAgent
from interalign.agents.autogen_bridge.responder import AutoGenResponder

__all__ = ["AutoGenResponder", "CallerClient", "Completer", "JudgeChatAgent", "UserChatAgent"]
