/** The operations of one schema that were seen and found valid, compiled, by their texts. */
import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import type { OperationContext, RequestContext } from '../http/context.ts';
import type { CompileTarget } from './operation.ts';
import { CompiledOperation } from './operation.ts';

/** What all texts together may have of memory. A plan takes some times as much as its text. */
const MAX_TEXT_LENGTH = 4 * 1024 * 1024;

export class CompiledOperations<C extends OperationContext = RequestContext> {
  readonly #target: CompileTarget<C>;
  /** The one that was compiled last is the last. */
  readonly #byText = new Map<string, Map<string | undefined, CompiledOperation<C>>>();
  #textLength = 0;

  constructor(target: CompileTarget<C>) {
    this.#target = target;
  }

  /** The operation of a name in a text that was compiled, or its only one. */
  get(text: string, name: string | undefined): CompiledOperation<C> | undefined {
    return this.#byText.get(text)?.get(name);
  }

  /** As {@link get}, of a document that is valid. */
  compile(
    text: string,
    name: string | undefined,
    document: DocumentNode,
    definition: OperationDefinitionNode,
  ): CompiledOperation<C> {
    const known = this.get(text, name);
    if (known !== undefined) return known;
    const compiled = new CompiledOperation(this.#target, document, definition);
    this.#operationsOf(text).set(name, compiled);
    return compiled;
  }

  #operationsOf(text: string): Map<string | undefined, CompiledOperation<C>> {
    let operations = this.#byText.get(text);
    if (operations !== undefined) return operations;
    operations = new Map();
    this.#byText.set(text, operations);
    this.#textLength += text.length;
    for (const oldest of this.#byText.keys()) {
      if (this.#textLength <= MAX_TEXT_LENGTH) break;
      this.#byText.delete(oldest);
      this.#textLength -= oldest.length;
    }
    return operations;
  }
}
