import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a zip made by hand; the flags make the traps that real programs set. */
export interface ZipEntry {
  readonly name: string;
  readonly content: string | Buffer;
  /** Not deflated. */
  readonly isStored?: boolean;
  /** Sizes and checksum follow the data, as streaming writers do it. */
  readonly hasDescriptor?: boolean;
  /** Sizes in the zip64 extra field. */
  readonly isZip64?: boolean;
  readonly isEncrypted?: boolean;
  /** Lies about the checksum. */
  readonly crc?: number;
}

const localSignature = 0x04034b50;
const descriptorSignature = 0x08074b50;
const directorySignature = 0x02014b50;
const endSignature = 0x06054b50;
const all32Bits = 0xffffffff;

/** Writes a zip archive byte by byte. */
export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const packed = packEntry(entry);
    const body = Buffer.concat([header(localSignature, packed, entry), packed.data, descriptor(packed, entry)]);
    directory.push(header(directorySignature, packed, entry, offset));
    local.push(body);
    offset += body.length;
  }
  const directoryBytes = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(endSignature, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directoryBytes.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directoryBytes, end]);
}

interface Packed {
  readonly data: Buffer;
  readonly crc: number;
  readonly size: number;
}

function packEntry(entry: ZipEntry): Packed {
  const bytes = Buffer.from(entry.content);
  const data = entry.isStored ? bytes : deflateRawSync(bytes);
  return { data, crc: entry.crc ?? crc32(bytes), size: bytes.length };
}

function header(signature: number, packed: Packed, entry: ZipEntry, offset?: number): Buffer {
  const isLocal = offset === undefined;
  const shift = isLocal ? 0 : 2;
  const name = Buffer.from(entry.name);
  const extra = entry.isZip64 ? zip64Extra(packed) : Buffer.alloc(0);
  const fixed = Buffer.alloc(isLocal ? 30 : 46);
  const isDelayed = isLocal && entry.hasDescriptor === true;
  fixed.writeUInt32LE(signature, 0);
  fixed.writeUInt16LE(entry.isZip64 ? 45 : 20, 4 + shift);
  fixed.writeUInt16LE((entry.hasDescriptor ? 8 : 0) | (entry.isEncrypted ? 1 : 0), 6 + shift);
  fixed.writeUInt16LE(entry.isStored ? 0 : 8, 8 + shift);
  fixed.writeUInt32LE(isDelayed ? 0 : packed.crc, 14 + shift);
  fixed.writeUInt32LE(isDelayed ? 0 : entry.isZip64 ? all32Bits : packed.data.length, 18 + shift);
  fixed.writeUInt32LE(isDelayed ? 0 : entry.isZip64 ? all32Bits : packed.size, 22 + shift);
  fixed.writeUInt16LE(name.length, 26 + shift);
  fixed.writeUInt16LE(extra.length, 28 + shift);
  if (offset !== undefined) fixed.writeUInt32LE(offset, 42);
  return Buffer.concat([fixed, name, extra]);
}

function zip64Extra(packed: Packed): Buffer {
  const extra = Buffer.alloc(20);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(16, 2);
  extra.writeBigUInt64LE(BigInt(packed.size), 4);
  extra.writeBigUInt64LE(BigInt(packed.data.length), 12);
  return extra;
}

function descriptor(packed: Packed, entry: ZipEntry): Buffer {
  if (!entry.hasDescriptor) return Buffer.alloc(0);
  const bytes = Buffer.alloc(entry.isZip64 ? 24 : 16);
  bytes.writeUInt32LE(descriptorSignature, 0);
  bytes.writeUInt32LE(packed.crc, 4);
  if (entry.isZip64) {
    bytes.writeBigUInt64LE(BigInt(packed.data.length), 8);
    bytes.writeBigUInt64LE(BigInt(packed.size), 16);
  } else {
    bytes.writeUInt32LE(packed.data.length, 8);
    bytes.writeUInt32LE(packed.size, 12);
  }
  return bytes;
}
