// Makes pictures of pages small: sixteen colours are enough for them.
import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");
const COLOURS = 16;

/** A PNG as Chromium writes it (8 bits, RGB or RGBA, not interlaced), redrawn with a palette. */
export function small(png) {
  const { width, height, step, rows } = read(png);
  const colour = (row, x) => row.readUIntBE(x * step, 3);
  const counts = new Map();
  for (const row of rows) {
    for (let x = 0; x < width; x++) counts.set(colour(row, x), (counts.get(colour(row, x)) ?? 0) + 1);
  }
  const palette = choose(counts);
  const nearest = new Map([...counts.keys()].map((one) => [one, indexOf(palette, one)]));
  const lines = rows.map((row) => {
    const line = Buffer.alloc(1 + Math.ceil(width / 2));
    for (let x = 0; x < width; x++) line[1 + (x >> 1)] |= nearest.get(colour(row, x)) << (x % 2 ? 0 : 4);
    return line;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([4, 3, 0, 0, 0], 8); // four bits, palette
  const colours = Buffer.concat(palette.map((one) => Buffer.from([one >> 16, (one >> 8) & 255, one & 255])));
  const pixels = deflateSync(Buffer.concat(lines), { level: 9 });
  return Buffer.concat([SIGNATURE, chunk("IHDR", header), chunk("PLTE", colours), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]);
}

/** The commonest colours that are not nearly alike. */
function choose(counts) {
  const palette = [];
  for (const [one] of [...counts].sort(([, a], [, b]) => b - a)) {
    if (palette.length < COLOURS && palette.every((other) => distance(one, other) > 400)) palette.push(one);
  }
  return palette;
}

const indexOf = (palette, one) =>
  palette.reduce((best, other, i) => (distance(one, other) < distance(one, palette[best]) ? i : best), 0);

function distance(a, b) {
  return [16, 8, 0].reduce((sum, shift) => sum + (((a >> shift) & 255) - ((b >> shift) & 255)) ** 2, 0);
}

function read(png) {
  let at = SIGNATURE.length;
  const data = [];
  let header;
  while (at < png.length) {
    const length = png.readUInt32BE(at);
    const type = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") header = body;
    if (type === "IDAT") data.push(body);
    at += length + 12;
  }
  const [width, height, step] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9] === 6 ? 4 : 3];
  const bytes = inflateSync(Buffer.concat(data));
  const rows = [];
  for (let y = 0; y < height; y++) {
    const start = y * (width * step + 1);
    rows.push(unfiltered(bytes[start], Buffer.from(bytes.subarray(start + 1, start + 1 + width * step)), rows[y - 1], step));
  }
  return { width, height, step, rows };
}

/** Undoes a row's filter (PNG, third edition, §9). */
function unfiltered(filter, row, above, step) {
  for (let i = 0; i < row.length; i++) {
    const [left, up, corner] = [row[i - step] ?? 0, above?.[i] ?? 0, (i >= step && above?.[i - step]) || 0];
    const guess = left + up - corner;
    const paeth = [left, up, corner].reduce((best, one) => (Math.abs(guess - one) < Math.abs(guess - best) ? one : best));
    row[i] += [0, left, up, (left + up) >> 1, paeth][filter];
  }
  return row;
}

/** PNG, third edition, §5.5. Node has one from version 20.15 on; Debian 12 has 18. */
function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

function chunk(type, body) {
  const named = Buffer.concat([Buffer.from(type, "latin1"), body]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
