import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pathTemplate } from './path-template.ts';

describe('The template of a path', () => {
  const templates: Record<string, string> = {
    '/api/v1/namespaces/shop/secrets/db-password': '/api/v1/namespaces/{namespace}/secrets/{name}',
    '/api/v1/namespaces/shop/secrets?fieldSelector=metadata.name%3Ddb': '/api/v1/namespaces/{namespace}/secrets',
    '/api/v1/secrets': '/api/v1/secrets',
    '/api/v1/namespaces/shop': '/api/v1/namespaces/{name}',
    '/api/v1/namespaces/shop/finalize': '/api/v1/namespaces/{name}/finalize',
    '/api/v1/nodes/n1/status': '/api/v1/nodes/{name}/status',
    '/api/v1/namespaces/shop/pods/web/log': '/api/v1/namespaces/{namespace}/pods/{name}/log',
    '/api/v1/namespaces/shop/pods/web:8080/proxy/secret/path': '/api/v1/namespaces/{namespace}/pods/{name}/proxy',
    '/apis/sentinel.dev/v1alpha1/namespaces/shop/agentactions/a/status':
      '/apis/sentinel.dev/v1alpha1/namespaces/{namespace}/agentactions/{name}/status',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/admin': '/apis/rbac.authorization.k8s.io/v1/clusterroles/{name}',
    '/apis/apps/v1': '/apis/apps/v1',
    '/api': '/api',
    '/version': '/version',
    '/openapi/v3/apis/apps/v1?hash=1': '/openapi',
    '/sentinel/v1/runs/0b1e': '/sentinel',
    '/SECRET%20text/x': '/{name}',
    '/api/v1/%2e%2e/x': '/api/v1/{name}',
    '': '/{name}',
  };
  for (const [path, template] of Object.entries(templates))
    it(`of '${path}' is ${template}`, () => assert.equal(pathTemplate(path), template));
});
