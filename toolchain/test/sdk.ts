import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const FOLDER = dirname(createRequire(import.meta.url).resolve('@pulumi/docker/package.json'));

/** A property as the official SDK declares it: whether it is a list, and the interface of its elements. */
export interface Declared {
  list: boolean;
  type: string | undefined;
}

const outputs = parse('types/output.d.ts');

/** The properties of a resource class of the SDK. */
export function resourceProperties(file: string): Record<string, Declared> {
  const source = parse(`${file}.d.ts`);
  const found = source.statements.find(ts.isClassDeclaration);
  if (!found) throw new Error(`${file}.d.ts declares no class`);
  return Object.fromEntries(
    found.members
      .filter(ts.isPropertyDeclaration)
      .filter((member) => !member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword))
      .map((member) => [member.name.getText(source), declared(member.type?.getText(source) ?? '')]),
  );
}

/** The properties of an interface in the SDK's types/output.d.ts. */
export function interfaceProperties(name: string): Record<string, Declared> {
  const found = outputs.statements.filter(ts.isInterfaceDeclaration).find((one) => one.name.text === name);
  if (!found) throw new Error(`types/output.d.ts declares no ${name}`);
  return Object.fromEntries(
    found.members
      .filter(ts.isPropertySignature)
      .map((member) => [member.name.getText(outputs), declared(member.type?.getText(outputs) ?? '')]),
  );
}

function declared(type: string): Declared {
  return { list: type.includes('[]'), type: /outputs\.(\w+)/.exec(type)?.[1] };
}

function parse(file: string): ts.SourceFile {
  const path = join(FOLDER, file);
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}
