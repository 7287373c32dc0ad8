/** The commented examples of a catalogue. */

/** A catalogue's text with its examples uncommented: the lines from `# Examples` to the next line that is no comment. */
export function withExamples(text: string): string {
  let inExamples = false;
  return text
    .split('\n')
    .map((line) => {
      const isComment = /^ *#/.test(line);
      if (/^ *# Examples\b/.test(line)) {
        inExamples = true;
        return line;
      }
      if (!isComment) inExamples = false;
      // Sentences are not indented further and have no key of YAML at their beginning.
      return inExamples && /^ *# +[\w-]+:( |$)/.test(line) ? line.replace('# ', '') : line;
    })
    .join('\n');
}
