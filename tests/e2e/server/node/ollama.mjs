// The official ollama client for JavaScript against a server: node ollama.mjs URL KEY URL_OF_AN_ENDLESS_MODEL
import assert from 'node:assert/strict';
import { Ollama } from 'ollama';

const [, , host, key, endless] = process.argv;
const ANSWER = 'return a + b';
const client = new Ollama({ host, headers: { Authorization: `Bearer ${key}` } });
const messages = [{ role: 'user', content: 'add two numbers' }];
const hole = { model: 'fake', prompt: 'def f(a, b):\n    ', suffix: '\n' };

const tests = {
  async generate() {
    const made = await client.generate(hole);
    assert.equal(made.response, ANSWER);
    assert.equal(made.done, true);
    assert.equal(made.eval_count, ANSWER.length);
  },

  async 'generate streamed'() {
    let text = '';
    let last;
    for await (const part of await client.generate({ ...hole, stream: true })) {
      text += part.response;
      last = part;
    }
    assert.equal(text, ANSWER);
    assert.equal(last.done_reason, 'stop');
  },

  async chat() {
    const made = await client.chat({ model: 'fake', messages });
    assert.equal(made.message.content, ANSWER);
    let text = '';
    for await (const part of await client.chat({ model: 'fake', messages, stream: true })) text += part.message.content;
    assert.equal(text, ANSWER);
  },

  async models() {
    const { models } = await client.list();
    assert.equal(models.length, 1);
    assert(new Date(models[0].modified_at) > 0);
    const shown = await client.show({ model: models[0].name });
    assert(shown.template.includes('.Suffix'));
    assert(shown.capabilities.includes('insert'));
    assert.equal((await client.ps()).models[0].name, models[0].name);
    assert.match((await client.version()).version, /^\d+\.\d+/);
  },

  async errors() {
    const bad = client.generate({ ...hole, template: 'Say: {{ .Prompt }}' });
    await assert.rejects(bad, (error) => error.name === 'ResponseError' && error.status_code === 400);
    const stranger = new Ollama({ host, headers: { Authorization: 'Bearer wrong' } });
    await assert.rejects(stranger.generate(hole), (error) => error.status_code === 401 && /key/.test(error.error));
  },

  async 'a stream that is aborted'() {
    const other = new Ollama({ host: endless });
    const stream = await other.generate({
      model: 'fake', prompt: 'x', raw: true, stream: true, options: { num_predict: 4000 },
    });
    await assert.rejects(async () => {
      for await (const part of stream) if (part.response) stream.abort();
    }, { name: 'AbortError' });
  },
};

for (const [name, test] of Object.entries(tests)) {
  await test();
  console.log('ok', name);
}
