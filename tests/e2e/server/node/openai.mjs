// The official openai client for JavaScript against a server: node openai.mjs URL KEY URL_OF_A_CALLER
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const [, , url, apiKey, caller] = process.argv;
const ANSWER = 'return a + b';
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
const messages = [{ role: 'user', content: 'add two numbers' }];
const parameters = { type: 'object', properties: { a: { enum: [1] } }, required: ['a'], additionalProperties: false };
const tools = [{ type: 'function', function: { name: 'add', strict: true, parameters } }];

const tests = {
  async completions() {
    const made = await client.completions.create({ model: 'default', prompt: 'x', logprobs: 1 });
    assert.equal(made.choices[0].text, ANSWER);
    assert.deepEqual(made.choices[0].logprobs.tokens, [...ANSWER]);
  },

  async 'completions streamed'() {
    let text = '';
    for await (const chunk of await client.completions.create({ model: 'default', prompt: 'x', stream: true })) {
      text += chunk.choices[0].text;
    }
    assert.equal(text, ANSWER);
  },

  async chat() {
    const made = await client.chat.completions.create({ model: 'default', messages, logprobs: true, top_logprobs: 1 });
    assert.equal(made.choices[0].message.content, ANSWER);
    assert.equal(made.choices[0].logprobs.content[0].top_logprobs.length, 1);
  },

  async 'chat streamed'() {
    const stream = client.chat.completions.stream({ model: 'default', messages, stream_options: { include_usage: true } });
    let text = '';
    stream.on('content', (piece) => { text += piece; });
    const final = await stream.finalChatCompletion();
    assert.equal(text, ANSWER);
    assert.equal(final.choices[0].message.content, ANSWER);
    assert.equal((await stream.totalUsage()).completion_tokens, ANSWER.length);
  },

  async tools() {
    const other = new OpenAI({ baseURL: `${caller}/v1`, apiKey: 'none' });
    const made = await other.chat.completions.create({ model: 'default', messages, tools, tool_choice: 'required' });
    assert.equal(made.choices[0].finish_reason, 'tool_calls');
    assert.deepEqual(JSON.parse(made.choices[0].message.tool_calls[0].function.arguments), { a: 1 });
    const streamed = await other.chat.completions.stream({ model: 'default', messages, tools }).finalMessage();
    assert.equal(streamed.tool_calls[0].function.name, 'add');
  },

  async 'json schema'() {
    const schema = { type: 'object', properties: { kind: { enum: ['b'] } }, required: ['kind'], additionalProperties: false };
    const made = await client.chat.completions.create({
      model: 'default', messages, temperature: 0, max_tokens: 200, logit_bias: { 125: 30 },
      response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
    });
    assert.equal(JSON.parse(made.choices[0].message.content).kind, 'b');
  },

  async models() {
    const all = [];
    for await (const model of client.models.list()) all.push(model.id);
    assert.deepEqual(all, ['fake']);
    assert.equal((await client.models.retrieve('fake')).id, 'fake');
  },

  async errors() {
    const bad = client.chat.completions.create({ model: 'default', messages, temperature: 3 });
    await assert.rejects(bad, (error) => error instanceof OpenAI.BadRequestError && error.param === 'temperature');
    const unknown = client.completions.create({ model: 'gpt-9', prompt: 'x' });
    await assert.rejects(unknown, (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found');
    const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'wrong', maxRetries: 0 }).models.list();
    await assert.rejects(stranger, (error) => error instanceof OpenAI.AuthenticationError && Boolean(error.requestID));
  },
};

for (const [name, test] of Object.entries(tests)) {
  await test();
  console.log('ok', name);
}
