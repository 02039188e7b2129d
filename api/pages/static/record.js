// A record's bytes read in the browser: what its author signed, to be held against what the page shows.
//
// record = canonical MessagePack map {key, sig, statement}, statement = map {at, author, body, kind, v}; the signature is over
// "kpledger/record/v1\0", the ledger's id (32 bytes) and the statement. Integers come out as BigInt, bytes as Uint8Array.

import {hex, verifySignature} from "./receipt.js";

const strictUtf8 = new TextDecoder("utf-8", {fatal: true, ignoreBOM: true});
const MAX_DEPTH = 16;

class Reader {
  constructor(bytes) { this.bytes = bytes; this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length); this.at = 0; }
  take(count) {
    if (this.at + count > this.bytes.length) throw new Error("cut off");
    this.at += count;
    return this.bytes.slice(this.at - count, this.at);
  }
  size(width) {
    this.take(width);
    const at = this.at - width;
    return width === 1 ? this.view.getUint8(at) : width === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }
  integer(width, signed) {
    this.take(width);
    const at = this.at - width;
    if (width === 8) return signed ? this.view.getBigInt64(at) : this.view.getBigUint64(at);
    const name = `${signed ? "getInt" : "getUint"}${width * 8}`;
    return BigInt(this.view[name](at));
  }
  text(count) { return strictUtf8.decode(this.take(count)); }
  list(count, depth) { return Array.from({length: this.room(count)}, () => this.value(depth + 1)); }
  room(count) {
    if (count > this.bytes.length - this.at) throw new Error("more items than bytes");
    return count;
  }
  map(count, depth) {
    const found = new Map();
    for (let left = this.room(count); left > 0; left--) {
      const key = this.value(depth + 1);
      if (typeof key !== "string" || found.has(key)) throw new Error("a key that is no text, or stands twice");
      found.set(key, this.value(depth + 1));
    }
    return found;
  }
  value(depth) {
    if (depth > MAX_DEPTH) throw new Error("too deep");
    const mark = this.size(1);
    if (mark < 0x80) return BigInt(mark);
    if (mark < 0x90) return this.map(mark & 15, depth);
    if (mark < 0xa0) return this.list(mark & 15, depth);
    if (mark < 0xc0) return this.text(mark & 31);
    if (mark >= 0xe0) return BigInt(mark - 256);
    switch (mark) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return this.take(this.size(1 << (mark - 0xc4)));
      case 0xcc: case 0xcd: case 0xce: case 0xcf: return this.integer(1 << (mark - 0xcc), false);
      case 0xd0: case 0xd1: case 0xd2: case 0xd3: return this.integer(1 << (mark - 0xd0), true);
      case 0xd9: case 0xda: case 0xdb: return this.text(this.size(1 << (mark - 0xd9)));
      case 0xdc: case 0xdd: return this.list(this.size(mark === 0xdc ? 2 : 4), depth);
      case 0xde: case 0xdf: return this.map(this.size(mark === 0xde ? 2 : 4), depth);
      default: throw new Error(`a value of a kind that no record has (${mark})`);
    }
  }
}

export function decode(bytes) {
  const reader = new Reader(bytes), value = reader.value(0);
  if (reader.at !== bytes.length) throw new Error("bytes after the end");
  return value;
}

const carats = (points) => `${points / 100n}.${String(points % 100n).padStart(2, "0")}`;

// {kind, author, at, key, signed, fields}: `fields` are the shown ones of a certificate's or an outcome's body, as text by name.
export async function readRecord(bytes, ledgerId) {
  const outer = decode(bytes), statement = decode(outer.get("statement")), body = statement.get("body");
  const message = new Uint8Array([...new TextEncoder().encode("kpledger/record/v1\0"), ...ledgerId, ...outer.get("statement")]);
  const fields = {};
  for (const [name, value] of body) {
    if (name === "points") fields.carats = carats(value);
    else if (typeof value === "bigint" || typeof value === "string") fields[name] = String(value);
  }
  for (const [at, line] of (body.get("lines") ?? []).entries()) {
    if (line instanceof Map && line.has("hs") && line.has("points")) fields[`line-${at + 1}`] = `${line.get("hs")} ${carats(line.get("points"))}`;
  }
  return {
    kind: statement.get("kind"), author: statement.get("author"), at: statement.get("at"), key: hex(outer.get("key")),
    signed: await verifySignature(outer.get("key"), outer.get("sig"), message), fields,
  };
}
