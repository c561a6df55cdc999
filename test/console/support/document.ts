import { must } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';

type Json = Record<string, unknown>;

export interface MediaType {
  readonly schema?: Json;
  readonly example?: unknown;
  readonly examples?: Record<string, { value: unknown }>;
}
export interface Content {
  readonly description?: string;
  readonly content?: Record<string, MediaType>;
}
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly example?: unknown;
  readonly schema: Json;
}
interface OperationObject {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: string[];
  readonly parameters?: Parameter[];
  readonly requestBody?: Content & { readonly required?: boolean };
  readonly responses: Record<string, Content>;
  readonly security?: Record<string, string[]>[];
}
export interface Document {
  readonly openapi: string;
  readonly info: Json;
  readonly servers: { url: string }[];
  readonly tags: { name: string; description?: string }[];
  readonly paths: Record<string, Record<string, OperationObject>>;
  readonly components: { readonly schemas: Record<string, Json>; readonly securitySchemes: Record<string, Json> };
}

/** One operation with where it is. */
export interface Operation extends OperationObject {
  readonly method: string;
  readonly path: string;
  /** The security scheme, or undefined for what anybody may call. */
  readonly scheme: string | undefined;
}

/** The document as the running server has it. */
export const documentOf = (minibase: Minibase): Promise<Document> => must(minibase.url, 'GET', '/openapi.json');

export const operationsOf = ({ paths }: Document): Operation[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
      scheme: Object.keys(operation.security?.[0] ?? {})[0],
    })),
  );
