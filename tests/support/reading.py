"""A node's HTTP interface in this process, read by the real client, and with lies where a test wants them."""

import json

from node.client import Client


class Reading(Client):
    """The client itself over the interface in this process; `lies` change what JSON it gets under a path."""

    def __init__(self, client, token, lies=None):
        super().__init__("http://node.test", token)
        self.client, self.token, self.lies, self.asked = client, token, lies or {}, []

    async def get_json(self, path):
        return json.loads(await self.get_bytes(path))

    async def get_bytes(self, path):
        self.asked.append(path)
        reply = await self.client.get(path, self.token)
        assert reply.status == 200, (path, reply.body)
        lies = [lie for part, lie in self.lies.items() if part in path]
        if not lies:
            return reply.body
        found = json.loads(reply.body)
        for lie in lies:
            lie(found)
        return json.dumps(found).encode()
