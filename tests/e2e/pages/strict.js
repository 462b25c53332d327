// What is tried where the policy allows no wasm, and no code made from text either.

const { e2e } = window;

e2e.bodies.strict = async () => {
  const su = e2e.make();
  const challenge = () => su.fetch(`${e2e.api}/loop`).then(() => null, e2e.describe);
  const challenged = await challenge();
  const bare = (await su.fetch(`${e2e.api}/bare`)).status;
  const own = (await su.fetch("/config.js")).status;
  await challenge();
  return { challenged, bare, own };
};
