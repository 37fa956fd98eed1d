// A small writer of PDF (ISO 32000-1): paragraphs on A4 pages in Helvetica, tagged so that screen readers find headings and text in order.
import type { Weight } from './helvetica';
import { encodeWinAnsi, widthOf } from './helvetica';

export interface Paragraph {
  readonly kind: 'title' | 'heading' | 'text';
  readonly text: string;
  /** A coloured square before the text. It only decorates: the text says it too. */
  readonly mark?: 'good' | 'fair' | 'bad' | undefined;
}

export interface PdfOptions {
  readonly title: string;
  /** As in HTML: "de", "en". */
  readonly language: string;
}

interface Style {
  readonly tag: 'H1' | 'H2' | 'P';
  readonly weight: Weight;
  /** Points. */
  readonly size: number;
  readonly above: number;
}

const styles: Readonly<Record<Paragraph['kind'], Style>> = {
  title: { tag: 'H1', weight: 'bold', size: 18, above: 0 },
  heading: { tag: 'H2', weight: 'bold', size: 12.5, above: 16 },
  text: { tag: 'P', weight: 'regular', size: 10.5, above: 5 },
};

/** A4 in points, and its margin (20 mm). */
const page = { width: 595, height: 842, margin: 57 };
const leading = 1.35;
const indent = 14;
const colours = { good: '0.04 0.43 0.37', fair: '0.85 0.6 0', bad: '0.7 0.15 0.12' };

/** The words of a text in lines no wider than `width` points; a word that is wider alone is cut. */
export function wrap(text: string, weight: Weight, size: number, width: number): string[] {
  const lines: string[] = [];
  for (const part of text.split('\n')) {
    let line = '';
    for (const word of part.split(' ').flatMap((one) => cut(one, weight, size, width))) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (widthOf(longer, weight, size) <= width || line === '') line = longer;
      else {
        lines.push(line);
        line = word;
      }
    }
    lines.push(line);
  }
  return lines;
}

function cut(word: string, weight: Weight, size: number, width: number): string[] {
  const pieces = [''];
  for (const letter of word) {
    const last = pieces.at(-1) ?? '';
    if (last !== '' && widthOf(last + letter, weight, size) > width) pieces.push(letter);
    else pieces[pieces.length - 1] = last + letter;
  }
  return pieces;
}

/** One page's drawing, and which paragraph each marked piece belongs to. */
interface Sheet {
  readonly content: string[];
  /** By marked-content ID: the index of the paragraph. */
  readonly owners: number[];
}

/** The file's bytes. */
export function makePdf(paragraphs: readonly Paragraph[], options: PdfOptions): Uint8Array<ArrayBuffer> {
  return write(lay(paragraphs), paragraphs, options);
}

/** Puts paragraphs onto pages, from the top down; a line that does not fit begins the next page. */
function lay(paragraphs: readonly Paragraph[]): Sheet[] {
  let sheet: Sheet = { content: [], owners: [] };
  const sheets = [sheet];
  let y = page.height - page.margin;
  paragraphs.forEach(({ kind, text, mark }, index) => {
    const { tag, weight, size, above } = styles[kind];
    const left = page.margin + (mark ? indent : 0);
    if (y < page.height - page.margin) y -= above;
    wrap(text, weight, size, page.width - page.margin - left).forEach((line, number) => {
      if (y - size * leading < page.margin) {
        sheet = { content: [], owners: [] };
        sheets.push(sheet);
        y = page.height - page.margin;
      }
      y -= size * leading;
      if (mark && number === 0) sheet.content.push(`/Artifact BMC ${colours[mark]} rg ${page.margin} ${y.toFixed(1)} 7 7 re f 0 g EMC`);
      const font = weight === 'bold' ? 'F2' : 'F1';
      sheet.content.push(`/${tag} <</MCID ${sheet.owners.length}>> BDC BT /${font} ${size} Tf ${left} ${y.toFixed(1)} Td <${hex(line)}> Tj ET EMC`);
      sheet.owners.push(index);
    });
  });
  return sheets;
}

const hex = (text: string): string => encodeWinAnsi(text).map((code) => code.toString(16).padStart(2, '0')).join('');

/** A text string as UTF-16 (ISO 32000-1 §7.9.2.2). */
const utf16 = (text: string): string => `<feff${Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, '0')).join('')}>`;

/** Objects 1 to 5 are the same in every file; then come two for each page, then one for each paragraph. */
function write(sheets: readonly Sheet[], paragraphs: readonly Paragraph[], { title, language }: PdfOptions): Uint8Array<ArrayBuffer> {
  const pageAt = (index: number): number => 6 + 2 * index;
  const elementAt = (index: number): number => 6 + 2 * sheets.length + index;
  const font = (name: string): string => `<</Type/Font/Subtype/Type1/BaseFont/${name}/Encoding/WinAnsiEncoding>>`;
  const fonts = `<</F1 ${font('Helvetica')}/F2 ${font('Helvetica-Bold')}>>`;
  const objects = [
    `<</Type/Catalog/Pages 2 0 R/Lang${utf16(language)}/MarkInfo<</Marked true>>/StructTreeRoot 3 0 R/ViewerPreferences<</DisplayDocTitle true>>>>`,
    `<</Type/Pages/Count ${sheets.length}/Kids[${sheets.map((_, i) => `${pageAt(i)} 0 R`).join(' ')}]>>`,
    `<</Type/StructTreeRoot/K 4 0 R/ParentTree<</Nums[${sheets.map(({ owners }, i) => `${i} [${owners.map((o) => `${elementAt(o)} 0 R`).join(' ')}]`).join(' ')}]>>>>`,
    `<</Type/StructElem/S/Document/P 3 0 R/K[${paragraphs.map((_, i) => `${elementAt(i)} 0 R`).join(' ')}]>>`,
    `<</Title${utf16(title)}/Producer(Kreisraum)>>`,
    ...sheets.flatMap(({ content }, i) => {
      const drawing = content.join('\n');
      return [
        `<</Type/Page/Parent 2 0 R/MediaBox[0 0 ${page.width} ${page.height}]/Resources<</Font${fonts}>>/Contents ${pageAt(i) + 1} 0 R/StructParents ${i}/Tabs/S>>`,
        `<</Length ${drawing.length}>>stream\n${drawing}\nendstream`,
      ];
    }),
    ...paragraphs.map(({ kind }, index) => {
      const pieces = sheets.flatMap(({ owners }, i) => owners.flatMap((o, id) => (o === index ? [`<</Type/MCR/Pg ${pageAt(i)} 0 R/MCID ${id}>>`] : [])));
      return `<</Type/StructElem/S/${styles[kind].tag}/P 4 0 R/K[${pieces.join(' ')}]>>`;
    }),
  ];
  // Everything is ASCII, so characters are bytes.
  let file = '%PDF-1.7\n';
  const offsets = objects.map((object, i) => {
    const offset = file.length;
    file += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer<</Size ${objects.length + 1}/Root 1 0 R/Info 5 0 R>>\nstartxref\n${file.length}\n%%EOF\n`;
  return new TextEncoder().encode(file);
}
