// Asks over the TypeScript SDK and prints what it got: node mcp_client.cjs URL KEY
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = require("@modelcontextprotocol/sdk/client/streamableHttp.js");

async function main(url, key) {
  const headers = { Authorization: `Bearer ${key}` };
  const client = new Client({ name: "test", version: "1" });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  const ask = (q) => client.callTool({ name: "ask", arguments: { q } });
  const tools = (await client.listTools()).tools.map((tool) => tool.name);
  const answer = (await ask("who will meet in Geneva?")).structuredContent.answer.text;
  const wrong = await ask("");
  const { resources } = await client.listResources();
  const read = await client.readResource({ uri: resources[1].uri });
  const found = {
    server: client.getServerVersion(),
    tools,
    answer,
    wrong: { isError: wrong.isError, text: wrong.content[0].text },
    text: read.contents[0].text,
  };
  console.log(JSON.stringify(found));
  await client.close();
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
