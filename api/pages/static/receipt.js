// Receipts checked in the browser: a record, its place in the log, and a checkpoint that a quorum of witnesses vouches for.
//
// In goes the receipt's text (c2sp.org/tlog-proof@v1 with the record in `extra`) and the text of a policy (c2sp.org/tlog-policy)
// that the visitor has pinned; nothing is fetched and nobody is asked. SHA-256 and Ed25519 are the browser's own (WebCrypto).
//
// Rules, the same in ledger/note.py, checkpoint.py, policy.py, merkle.py, proof.py:
// - numbers and base64 have one form only; sizes are up to 2^63 - 1 (BigInt);
// - lines of unknown keys are passed over; a line of a known key that does not verify spoils the whole note;
// - a path has exactly as many hashes as index and size call for;
// - what is wrong is a ReceiptError whose `kind` says which rule broke.

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", {fatal: true, ignoreBOM: true});

const MAX_SIZE = 2n ** 63n - 1n;
const MAX_RECORD = 32 * 1024, MAX_NOTE = 64 * 1024, MAX_PATH = 63, MAX_SIGNATURES = 100, MAX_POLICY = 256 * 1024, MAX_NAMES = 1024;
const MAX_PROOF = 4 * (Math.floor(MAX_RECORD / 3) + 1) + 48 * MAX_PATH + MAX_NOTE + 256;
const PLAIN = 1, COSIGNATURE = 4;

export class ReceiptError extends Error {
  constructor(kind, detail) { super(detail); this.kind = kind; }
}
const fail = (kind, detail) => { throw new ReceiptError(kind, detail); };

// --- bytes

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (left, right) => left.length === right.length && left.every((byte, at) => byte === right[at]);

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

function base64(text) {
  // null for anything but the one standard encoding
  let raw;
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  try { raw = atob(text); } catch { return null; }
  return btoa(raw) === text ? Uint8Array.from(raw, (mark) => mark.charCodeAt(0)) : null;
}

function number(text) {
  if (text === undefined || !/^(0|[1-9][0-9]{0,18})$/.test(text)) return null;
  const value = BigInt(text);
  return value > MAX_SIZE ? null : value;
}

export const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
export const leafHash = (entry) => sha256(Uint8Array.of(0), entry);
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

// --- what the browser can do

export async function able() {
  // Whether SHA-256 and Ed25519 are there, and right: RFC 8032, 7.1, test 2; and the same signature over another message.
  try {
    const key = await crypto.subtle.importKey("raw", bytesOf("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
      {name: "Ed25519"}, false, ["verify"]);
    const signature = bytesOf("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
      + "387b2eaeb4302aeeb00d291612bb0c00");
    return await crypto.subtle.verify("Ed25519", key, signature, Uint8Array.of(0x72))
      && !(await crypto.subtle.verify("Ed25519", key, signature, Uint8Array.of(0x73)))
      && hex(await sha256()) === "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  } catch { return false; }
}
const bytesOf = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));

export async function verifySignature(publicKey, signature, message) {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, {name: "Ed25519"}, false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, message);
  } catch { return false; } // no point of the curve
}

// --- signed notes

const isName = (name) => name !== "" && !/[+\s\u0085\u001c-\u001f]/u.test(name) && !/[\x00-\x1f]/.test(name);

async function parseKey(text) {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([0-9A-Za-z+/=]+)$/.exec(text);
  const material = match && base64(match[3]);
  if (!match || !material || !material.length || !isName(match[1])) fail("malformed-policy", "a verifier key is <name>+<key id in hex>+<base64>");
  if (material[0] !== PLAIN && material[0] !== COSIGNATURE) fail("malformed-policy", `signature type ${material[0]} is not supported`);
  const id = (await sha256(utf8.encode(`${match[1]}\n`), material)).slice(0, 4);
  if (hex(id) !== match[2]) fail("malformed-policy", "the key id does not match name and public key");
  if (material.length !== 33) fail("malformed-policy", "a public key is 32 bytes");
  return {name: match[1], kind: material[0], id: match[2], public: material.slice(1)};
}

function lastDivider(bytes) {
  for (let at = bytes.length - 2; at >= 0; at--) if (bytes[at] === 10 && bytes[at + 1] === 10) return at;
  return -1;
}

function text(bytes, kind) {
  try { return strictUtf8.decode(bytes); } catch { return fail(kind, "not UTF-8"); }
}

function parseNote(bytes) {
  if (bytes.length > MAX_NOTE) fail("malformed-note", `a note of ${bytes.length} bytes`);
  if (bytes.some((byte) => byte < 32 && byte !== 10)) fail("malformed-note", "a control character");
  text(bytes, "malformed-note");
  const divider = lastDivider(bytes);
  if (divider < 0) fail("malformed-note", "a note is a text, an empty line and signature lines");
  const lines = text(bytes.slice(divider + 2), "malformed-note").split("\n");
  if (lines.pop() !== "") fail("malformed-note", "the last signature line does not end in a newline");
  if (lines.length < 1 || lines.length > MAX_SIGNATURES) fail("malformed-note", `${lines.length} signatures`);
  const signatures = lines.map((line) => {
    const [dash, name, value, ...more] = line.split(" ");
    const data = value === undefined || dash !== "\u2014" || more.length ? null : base64(value);
    if (!data || data.length < 5 || !isName(name)) fail("malformed-note", "a signature line is a dash, a key name and base64");
    return {name, id: hex(data.slice(0, 4)), value: data.slice(4), line};
  });
  return {text: bytes.slice(0, divider + 1), signatures: signatures.filter((one, at) => lines.indexOf(one.line) === at)};
}

async function isBy(key, signed, signature) {
  const plain = key.kind === PLAIN, value = signature.value;
  if (value.length !== (plain ? 64 : 72)) return null;
  if (plain) return await verifySignature(key.public, value, signed) ? {time: null} : null;
  const time = new DataView(value.buffer, value.byteOffset).getBigUint64(0);
  if (time > MAX_SIZE) return null;
  const message = join(utf8.encode(`cosignature/v1\ntime ${time}\n`), signed);
  return await verifySignature(key.public, value.slice(8), message) ? {time} : null;
}

function parseCheckpoint(bytes) {
  const lines = text(bytes, "malformed-checkpoint").split("\n");
  const [origin, sizeLine, rootLine, ...rest] = lines;
  const size = number(sizeLine), root = rootLine === undefined ? null : base64(rootLine);
  if (rest.pop() !== "" || rest.includes("") || !origin || utf8.encode(origin).length > 255 || size === null || !root || root.length !== 32)
    fail("malformed-checkpoint", "a checkpoint is origin, size and root, a line each, in their one form");
  return {origin, size, root};
}

// --- policies

export async function parsePolicy(source) {
  if (/[\x00-\x08\x0b-\x1f\x7f]/.test(source) || utf8.encode(source).length > MAX_POLICY) fail("malformed-policy", "control characters, or too long");
  const lines = source.split("\n");
  if (lines.pop() !== "") fail("malformed-policy", "the last line does not end in a newline");
  const policy = {logs: [], witnesses: [], groups: [], quorum: null}, names = new Set(), members = new Set(), keys = new Set();
  const define = (name) => { if (name === "none" || names.has(name)) fail("malformed-policy", `${name} is defined already`); names.add(name); };
  const known = (name) => { if (!names.has(name)) fail("malformed-policy", `${name} is not defined before it is used`); };
  for (const line of lines) {
    const [word, ...items] = line.match(/[^ \t]+/g) ?? [];
    if (word === undefined || word.startsWith("#")) continue;
    if (word === "log" && (items.length === 1 || items.length === 2)) policy.logs.push(await pinned(items[0], PLAIN, keys));
    else if (word === "witness" && (items.length === 2 || items.length === 3)) {
      policy.witnesses.push({name: items[0], key: await pinned(items[1], COSIGNATURE, keys)});
      define(items[0]);
    } else if (word === "group" && items.length > 2) {
      const [name, count, ...of] = items;
      for (const one of of) { known(one); if (members.has(one)) fail("malformed-policy", `${one} is a member twice`); members.add(one); }
      const least = count === "all" ? of.length : count === "any" ? 1 : /^[1-9][0-9]{0,5}$/.test(count) ? Number(count) : 0;
      if (least < 1 || least > of.length) fail("malformed-policy", `group ${name} asks for ${count} of ${of.length}`);
      policy.groups.push({name, least, of});
      define(name);
    } else if (word === "quorum" && items.length === 1 && policy.quorum === null) {
      if (items[0] !== "none") known(items[0]);
      policy.quorum = items[0];
    } else fail("malformed-policy", `not a log, witness, group or the one quorum: ${line.slice(0, 60)}`);
  }
  if (policy.quorum === null) fail("malformed-policy", "no quorum");
  if (names.size + policy.logs.length > MAX_NAMES) fail("malformed-policy", "too many names");
  return policy;
}

async function pinned(vkey, kind, keys) {
  const key = await parseKey(vkey), place = `${kind} ${hex(key.public)}`;
  if (key.kind !== kind || keys.has(place)) fail("malformed-policy", `the key of ${key.name} is of another type, or stands twice`);
  keys.add(place);
  return key;
}

function isQuorum(policy, witnessed) {
  const holds = new Map(policy.witnesses.map((one) => [one.name, witnessed.has(one.name)]));
  for (const group of policy.groups) holds.set(group.name, group.of.filter((one) => holds.get(one)).length >= group.least);
  return policy.quorum === "none" || holds.get(policy.quorum);
}

async function accept(policy, bytes) {
  const note = parseNote(bytes), checkpoint = parseCheckpoint(note.text);
  const logs = policy.logs.filter((key) => key.name === checkpoint.origin);
  if (!logs.length) fail("origin-mismatch", `the policy knows no log ${checkpoint.origin}`);
  const keys = [...policy.logs, ...policy.witnesses.map((one) => one.key)], signers = new Set(), times = [];
  for (const signature of note.signatures) {
    const claimed = keys.filter((key) => key.name === signature.name && key.id === signature.id);
    if (claimed.length > 1) fail("ambiguous-key", `two keys are named ${signature.name} and have the same key id`);
    for (const key of claimed) {
      const found = await isBy(key, note.text, signature);
      if (!found) fail("bad-signature", `the signature by ${key.name} does not verify`);
      signers.add(key);
      if (found.time !== null) times.push(found.time);
    }
  }
  if (!logs.some((key) => signers.has(key))) fail("log-signature-missing", `no signature by the log ${checkpoint.origin}`);
  const witnesses = policy.witnesses.filter((one) => signers.has(one.key));
  if (!isQuorum(policy, new Set(witnesses.map((one) => one.name))))
    fail("quorum-not-met", `cosigned by ${witnesses.map((one) => one.key.name).join(", ") || "nobody"}`);
  const newest = times.length ? times.reduce((left, right) => (left > right ? left : right)) : null;
  return {...checkpoint, witnesses: witnesses.map((one) => one.key.name), newest};
}

// --- proofs

function parseProof(bytes) {
  if (bytes.length > MAX_PROOF) fail("malformed-proof", `a proof of ${bytes.length} bytes`);
  let divider = 0;
  while (divider < bytes.length - 1 && !(bytes[divider] === 10 && bytes[divider + 1] === 10)) divider++;
  const head = bytes.slice(0, divider);
  if (divider >= bytes.length - 1 || head.some((byte) => byte > 127)) fail("malformed-proof", "a proof is a head, an empty line and a checkpoint");
  const [first, ...lines] = text(head, "malformed-proof").split("\n");
  if (first !== "c2sp.org/tlog-proof@v1") fail("malformed-proof", "a proof begins with c2sp.org/tlog-proof@v1");
  let extra = new Uint8Array();
  if (lines.length && lines[0].startsWith("extra ")) {
    extra = base64(lines.shift().slice(6));
    if (!extra || !extra.length) fail("malformed-proof", "base64 in its one form");
  }
  const index = lines.length && lines[0].startsWith("index ") ? number(lines.shift().slice(6)) : null;
  const path = lines.map(base64);
  if (index === null || path.some((one) => one === null || one.length !== 32) || path.length > MAX_PATH)
    fail("malformed-proof", "a proof has one index line and hashes of 32 bytes");
  const checkpoint = bytes.slice(divider + 2);
  if (!checkpoint.length || checkpoint.length > MAX_NOTE) fail("malformed-proof", "a checkpoint of no length, or too long");
  return {index, path, extra, checkpoint};
}

const bits = (value) => value.toString(2).replace(/0/g, "").length;
const length = (value) => (value === 0n ? 0 : value.toString(2).length);

async function rootFromPath(leaf, index, size, path) {
  if (index >= size) fail("out-of-range", `a tree of ${size} leaves has no leaf ${index}`);
  const inner = length(index ^ (size - 1n)), wanted = inner + bits(index >> BigInt(inner));
  if (path.length !== wanted) fail("proof-length", `a path of ${path.length} hashes, where ${wanted} are wanted`);
  let node = leaf;
  for (let height = 0; height < path.length; height++) {
    const left = height < inner && !(index >> BigInt(height) & 1n);
    node = await (left ? nodeHash(node, path[height]) : nodeHash(path[height], node));
  }
  return node;
}

// What the receipt establishes under the policy: {record, id, index, origin, size, root, witnesses, newest}; throws ReceiptError.
export async function verifyReceipt(receipt, policyText) {
  const policy = await parsePolicy(policyText);
  const proof = parseProof(typeof receipt === "string" ? utf8.encode(receipt) : receipt);
  if (!proof.extra.length || proof.extra.length > MAX_RECORD) fail("record-missing", "the proof does not carry the record that it is about");
  const id = await leafHash(proof.extra);
  const accepted = await accept(policy, proof.checkpoint);
  const root = await rootFromPath(id, proof.index, accepted.size, proof.path);
  if (!same(root, accepted.root)) fail("root-mismatch", `the path from leaf ${proof.index} does not lead to the root`);
  return {...accepted, record: proof.extra, id: hex(id), index: proof.index, root: hex(accepted.root)};
}
