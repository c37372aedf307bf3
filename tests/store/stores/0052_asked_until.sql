-- master key b4dc5a5e2b3fbb61f5b964ed08475dddf6c2349c8ae5fefc17fd1c9007ab36d3
BEGIN TRANSACTION;
CREATE TABLE access_requests (
	id VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	name TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	decider TEXT NOT NULL, 
	answer TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	decided DOUBLE NOT NULL, 
	ends DOUBLE NOT NULL, 
	CONSTRAINT pk_access_requests PRIMARY KEY (id), 
	CONSTRAINT fk_access_requests_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_access_requests_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
CREATE TABLE acme_accounts (
	id VARCHAR(64) NOT NULL, 
	directory TEXT NOT NULL, 
	contacts TEXT NOT NULL, 
	authority TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	binding_id TEXT NOT NULL, 
	binding_key BLOB NOT NULL, 
	url TEXT NOT NULL, 
	CONSTRAINT pk_acme_accounts PRIMARY KEY (id)
);
CREATE TABLE acme_challenges (
	token VARCHAR(255) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	answer TEXT NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_acme_challenges PRIMARY KEY (token)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('asked_until');
CREATE TABLE application_logos (
	application VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_application_logos PRIMARY KEY (application), 
	CONSTRAINT fk_application_logos_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
CREATE TABLE application_providers (
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_application_providers PRIMARY KEY (application, provider), 
	CONSTRAINT fk_application_providers_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_application_providers_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE RESTRICT
);
CREATE TABLE applications (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	external TEXT NOT NULL, 
	external_host VARCHAR(255) NOT NULL, 
	external_path VARCHAR(1024) NOT NULL, 
	internal TEXT NOT NULL, 
	preauthentication VARCHAR(64) NOT NULL, 
	connector_group VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	settings TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_applications PRIMARY KEY (id), 
	CONSTRAINT uq_applications_external_host_external_path UNIQUE (external_host, external_path), 
	CONSTRAINT uq_applications_name_key UNIQUE (name_key), 
	CONSTRAINT fk_applications_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE RESTRICT, 
	CONSTRAINT fk_applications_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE RESTRICT
);
INSERT INTO "applications" VALUES('01d256b996a29290','wiki','wiki','https://wiki.example.com/','wiki.example.com','/','http://wiki.internal:8080/','oidc','2adb2365396598fd','builtin','{"backend_timeout": "120"}',1.79610241079250311851e+09);
INSERT INTO "applications" VALUES('3d82543f88bbe5cd','Status','status','https://status.example.com/','status.example.com','/','http://status.internal/','passthrough','default','builtin','{}',1.79610241307252907752e+09);
INSERT INTO "applications" VALUES('8886ce9300959604','sales','sales','https://sales.example.com/','sales.example.com','/','https://sales.internal/','oidc','default','0a4f60a2efcba59e','{}',1.79610243557907104487e+09);
CREATE TABLE assignments (
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	value VARCHAR(255) NOT NULL, maintainer BOOLEAN DEFAULT 0 NOT NULL, expires DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_assignments PRIMARY KEY (application, provider, kind, value), 
	CONSTRAINT fk_assignments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_assignments_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
INSERT INTO "assignments" VALUES('01d256b996a29290','builtin','group','b3bf954fe89a817a',0,0.0);
INSERT INTO "assignments" VALUES('8886ce9300959604','0a4f60a2efcba59e','user','5f2b7c',0,0.0);
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	actor VARCHAR(255) NOT NULL, 
	action VARCHAR(128) NOT NULL, 
	target TEXT NOT NULL, 
	detail TEXT NOT NULL, link VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(1,1796102406.74659,'local:0','connector.token','505887e81a7800a9','{"expires": 1796106006.74659, "group": "default", "uses": 1}','40296965c04823b9f6b6a6c3149bb39ef00479ebabd5357b77fa6558087b8aba');
INSERT INTO "audit" VALUES(2,1.79610240876427435874e+09,'local:0','connector_group.add','2adb2365396598fd','{"id": "2adb2365396598fd", "name": "lab", "needs_approval": true}','bf95999c545019358e192cbf5471bd8cb205504e4abf45fbe0eb9b807f8d7907');
INSERT INTO "audit" VALUES(3,1.79610241079250311851e+09,'local:0','application.publish','01d256b996a29290','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "lab", "cors": [], "external": "https://wiki.example.com/", "id": "01d256b996a29290", "internal": "http://wiki.internal:8080/", "logo": "", "name": "wiki", "preauth": "oidc", "provider": "builtin", "providers": ["builtin"], "segments": [], "settings": {}}','78d25c3c6e705de4c64e66ec8a90b32e0b6266e6d80e769dc5d8ce6584ea6813');
INSERT INTO "audit" VALUES(4,1.79610241307252907752e+09,'local:0','application.publish','3d82543f88bbe5cd','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://status.example.com/", "id": "3d82543f88bbe5cd", "internal": "http://status.internal/", "logo": "", "name": "Status", "preauth": "passthrough", "provider": "builtin", "providers": ["builtin"], "segments": [], "settings": {}}','577dbbf225854fa7aca8b9c8ad5f4f20a77fd26551607ed12bc9ea40de932c7e');
INSERT INTO "audit" VALUES(5,1.79610241515000963212e+09,'local:0','application.set','01d256b996a29290','{"name": "wiki", "settings": {"backend_timeout": "120"}}','86f9c3dd381238fc852928108600a2b1728b25449f5c59c92b5e8dead88601df');
INSERT INTO "audit" VALUES(6,1.79610241706583905222e+09,'local:0','user.add','a85f8b311fb049f0','{"groups": ["staff"], "name": "alice"}','b67663fa9e2e078ada31c2eebb48014e14a610c59a442e3ea8c4a6f4a15412b7');
INSERT INTO "audit" VALUES(7,1.79610242075302624703e+09,'local:0','user.add','7f183e525d8e9c5d','{"groups": [], "name": "bob"}','cff28f29ea4396f631580859991a46eb2fa1d3e136045a04cb74c62cfef01b47');
INSERT INTO "audit" VALUES(8,1.79610242519955205916e+09,'local:0','user.add_to_group','7f183e525d8e9c5d','{"group": "staff", "name": "bob"}','0c642e0f39c173d720317c36a67d1b59261fda2a41675b70c4d6a48301f9e1a0');
INSERT INTO "audit" VALUES(9,1.79610242814703106881e+09,'local:0','application.assign','01d256b996a29290','{"expires": 0.0, "group": "staff", "maintainer": false, "name": "wiki", "provider": "builtin", "value": "b3bf954fe89a817a"}','c379b1117f712b235ce3186476726d0b55da4afab003cf85f884bebc9cfcd880');
INSERT INTO "audit" VALUES(10,1.79610243123144388199e+09,'local:0','connector.token','bb08617f1a2d73fe','{"expires": 1796106031.231444, "group": "lab", "uses": 3}','00de73aa0c0bfa195053d4f608322b721da01a49786a474a8d825c1c7edd9b72');
INSERT INTO "audit" VALUES(11,1.79610243396653652186e+09,'local:0','provider.add','0a4f60a2efcba59e','{"algorithms": ["RS256", "ES256"], "ca_bundle": 0, "client_id": "appproxy", "fetch_groups": false, "groups_claim": "groups", "id": "0a4f60a2efcba59e", "idle_minutes": 240.0, "issuer": "https://login.corp.example/", "keys": "", "kind": "oidc", "name": "corp", "public": false, "pushed_requests": "auto", "scopes": ["openid", "profile", "email"], "secret_changed": 1796102433.9665365, "session_hours": 12.0, "settings": {}}','d93f06d4467236b99aa2b4f3a50482d40ef6462a9ffe384fc8a3ecbd8c3174b6');
INSERT INTO "audit" VALUES(12,1.79610243557907104487e+09,'local:0','application.publish','8886ce9300959604','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://sales.example.com/", "id": "8886ce9300959604", "internal": "https://sales.internal/", "logo": "", "name": "sales", "preauth": "oidc", "provider": "corp", "providers": ["corp"], "segments": [], "settings": {}}','85a230dc8ca8ee61f8275bc4fc64bcee83c043db7fd609d88046dd07ff069f11');
INSERT INTO "audit" VALUES(13,1.7961024370543367863e+09,'local:0','application.assign','8886ce9300959604','{"expires": 0.0, "maintainer": false, "name": "sales", "provider": "corp", "user": "5f2b7c", "value": "5f2b7c"}','7cbc93321aecbe16ed8879d7bd2f96a1d2de492605c506ebf92085fd1b9e929f');
INSERT INTO "audit" VALUES(14,1.79610243876185941697e+09,'local:0','segment.add','01d256b996a29290','{"external": "https://handbook.example.com/", "id": "35c8780ff6e1e42b", "internal": "http://wiki.internal:8080/", "name": "wiki"}','75c655926bbdab03562515d59de6961de0160aaee88ce7a3554f8a441f21610e');
INSERT INTO "audit" VALUES(15,1.79610244117170953751e+09,'local:0','cors.add','01d256b996a29290','{"credentials": true, "exposed": [], "headers": ["x-own-*"], "max_age": 5, "methods": ["PUT"], "name": "wiki", "origins": ["https://status.example.com"], "resource": "/"}','9be255940e66f66df6337d62c49f5cb1c2cb9efde51a99cc75712fc9c2902fa4');
INSERT INTO "audit" VALUES(16,1.79610244346256232262e+09,'local:0','client.add','d0867ea3d99f8ab0','{"backchannel_logout_session_required": false, "backchannel_logout_uri": "", "ca_bundle": 0, "frontchannel_logout_uri": "", "name": "grafana", "post_logout_redirect_uris": [], "redirect_uris": ["https://grafana.example.com/login"]}','4b517d643bd1839b39a71009c53c5a124fe1e77424abf7143df03abf55aaa8dc');
INSERT INTO "audit" VALUES(17,1.79610244563814115529e+09,'local:0','native_client.add','5e71453658cdac1d','{"applications": ["wiki"], "created": 1796102445.6381412, "device_codes": false, "id": "5e71453658cdac1d", "name": "tools", "redirect_uris": ["http://127.0.0.1/callback"]}','a47588d7e8bae45f2f0565613bf110d47f581660c4bd5b5522f9e751a647340c');
INSERT INTO "audit" VALUES(18,1.79610244770279288287e+09,'local:0','role.assign','b3bf954fe89a817a','{"application": "", "expires": 0.0, "kind": "group", "name": "staff", "provider": "builtin", "role": "help-desk", "value": "b3bf954fe89a817a"}','2f5a132fe98f7ab2010521ca35dabc4a5e3e86b77ec89949994abafe49b17b8e');
INSERT INTO "audit" VALUES(19,1.79610245430866193776e+09,'local:0','audit_export.add','df7e55586b15a95d','{"destination": "file:///var/log/appproxy/audit.json", "format": "json", "name": "archive", "start": "now"}','31d9382081aa0bb509fcf6f525d9edb325dacba811125294c55921100f5587f1');
CREATE TABLE audit_chains (
	id VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	start VARCHAR(64) NOT NULL, 
	head VARCHAR(64) NOT NULL, 
	begins BIGINT NOT NULL, 
	seal VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_audit_chains PRIMARY KEY (id)
);
INSERT INTO "audit_chains" VALUES('known',X'7331BC76BB72CBF42550AD05FC965E536D99D2DC7F56A9DEDD8D7C2F068AA9292477765B5057449B3D0E8B03CF9F4D24E803FAEED3EA1D02494FD4866828E48434AE','0000000000000000000000000000000000000000000000000000000000000000','31d9382081aa0bb509fcf6f525d9edb325dacba811125294c55921100f5587f1',1,'8a46139e6bb226fbd8bda8fb140846de172b9bbba04eab5fee0e84d4fcd35975');
CREATE TABLE audit_exports (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	url TEXT NOT NULL, 
	format VARCHAR(64) NOT NULL, 
	ca_bundle TEXT NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	secret BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	position BIGINT NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	owned_until DOUBLE NOT NULL, 
	due DOUBLE NOT NULL, 
	failures INTEGER NOT NULL, 
	problem TEXT NOT NULL, 
	delivered DOUBLE NOT NULL, 
	sent BIGINT NOT NULL, 
	refused BIGINT NOT NULL, 
	lost BIGINT NOT NULL, 
	CONSTRAINT pk_audit_exports PRIMARY KEY (id), 
	CONSTRAINT uq_audit_exports_name_key UNIQUE (name_key)
);
INSERT INTO "audit_exports" VALUES('df7e55586b15a95d','archive','archive','file:///var/log/appproxy/audit.json','json','','',X'7331BC76BB72D10A326BBC7048BDA81B0ABB47890F238A77F894674E072634E10C38',X'7331BC76BB72485CD496EBE9908730AB7F2DE5AD1275C50EA2A1E6B8BD24FD3D275E',1.79610245430866193776e+09,18,'',0.0,1.79610245430866193776e+09,0,'',0.0,0,0,0);
CREATE TABLE authenticator_apps (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	label VARCHAR(128) NOT NULL, 
	secret BLOB NOT NULL, 
	last_step BIGINT NOT NULL, 
	created DOUBLE NOT NULL, 
	used DOUBLE NOT NULL, 
	CONSTRAINT pk_authenticator_apps PRIMARY KEY (id), 
	CONSTRAINT fk_authenticator_apps_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE authorities (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	CONSTRAINT pk_authorities PRIMARY KEY (id)
);
INSERT INTO "authorities" VALUES('5e95a87bafe883a6','connector','-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIQOxscleHxmhte0/mzdyixfDAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGFjYzU4ZjBhM2VmOWU4YjcwHhcN
MjYxMTMwMDUyMDA1WhcNMzYxMTMwMTcyMDA1WjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIGFjYzU4ZjBhM2VmOWU4YjcwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATUUUK4JLP6yGbGCioE0Hps5xYWC2KzxxmZyOwXCRI5pIA+0XdCj2wC
K4ulYiy14IV06HEwGDhY0m3/nz6OW2bWo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUJiGITyv9HW9VzIF3APl0kIZWU9sw
CgYIKoZIzj0EAwIDSAAwRQIgWNgWQEI7aOfOwXau/oOTj4Sw5u/e0bKgWUe0hiAC
d8YCIQCUaJFTOy7A+bmnCS8/O3FD2xm6dx/c/ZgPzhVcq4TDeg==
-----END CERTIFICATE-----
',X'7331BC76BB721B3BF9C4A7DC3AC65F57760D4D3CFCAFB3277570D4DA23B0D23A325C8A8C777ED0C111D04B3CAB12B1CE3840DED5BE0E145166DFA073EF617FCE792EEEAF9B71E798E9CF900405780EC2404ABDB8DA58525061607744F9F8C79F82127AB6F23D0C3BFE9D140303E6F27F0525D0F96857FD9D007D70A7374E3424CD330B4CC171392BB37E1D77DEB1B9D8DB9B4D2A0B863F459110E8E72A3CEA00260141B2514F9D5DD91E5688E022FDBFE07899FEDC451E5FEFA1AC42DB5249E4B9BB06E185A5F8E83A77AD5157BFEF376AC908CB54FED460DE6965920F77CD3A43128803C6B749A1274BD0D96B25B3B622D9DB598E521EFAD14397C03DB99636C722DFA9EF3EFC1971680F289D2B332D25A2EF',1.79610240597682309154e+09,2111678405.0);
INSERT INTO "authorities" VALUES('9c614441a623fc75','user','-----BEGIN CERTIFICATE-----
MIIBwTCCAWigAwIBAgIQf3A5PmZStI9aolfc/7ye2zAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBhY2M1OGYwYTNlZjllOGI3MB4X
DTI2MTEzMDA1MjAwNVoXDTM2MTEzMDE3MjAwNVowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gYWNjNThmMGEzZWY5ZThiNzBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABAGXPGKvz9qBVcty4Hd7WsWkS87DW2Em3r1yVJEnnVa9Z8nGKza2
elN6yASRTSutATIYccay5m8S6GQOQcKj7C+jZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQnJMgPt7N6tFJp3HOD8e2YYYko
ZzAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDRwAw
RAIgdZN01LdNWwhXB2aYWE1yzXnzS0rIkdGQ15BFWXOmk0UCIH+/pCs6zvSgK0A4
G1dA0AJ3k7psIu0SaS5w3IH8DiKA
-----END CERTIFICATE-----
',X'7331BC76BB72FB17298D5C5AF9844EC2BA79EEF0CF7CAC8E05B19285241F5A7D66A5C45D8C7A64FB6AEC406AAA57C99C7604EB036DC15EEAAF1C0E2F3C2B66A1483301FA6B56B04BD632ECA5011BF28FD98BEFF0F16FEC7C26BF714E003E6E82ECC54E1ABD71DB3818D2C88B3FE3A16BEB19A8E4D7B4BB88B8E617A160F8F2FAF0E28DC8BB4F029252EE7B6577A3FED37045253C51415D5490FA8CD2AC138E89D321B54D004176EB7E639A6463C1D9E31AB702B3E16952719B9CD0BE89227F4E7635B69AF8D900285161B4F6A490E08ACDC1DD20845C3F20EC6AF86225B616C85E0C5214D51E197FA1A5A70E835E03AC3F02F9FE97655F99DAC8F06993D5501C53D1C895D94FC287A64D0093C347F8F08D595C',1.79610240597682309154e+09,2111678405.0);
CREATE TABLE break_glass (
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_break_glass PRIMARY KEY (provider, subject), 
	CONSTRAINT fk_break_glass_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
CREATE TABLE certificate_orders (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	hosts TEXT NOT NULL, 
	challenge VARCHAR(64) NOT NULL, 
	due DOUBLE NOT NULL, 
	failures INTEGER NOT NULL, 
	problem TEXT NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	owned_until DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_certificate_orders PRIMARY KEY (id), 
	CONSTRAINT uq_certificate_orders_name_key UNIQUE (name_key)
);
CREATE TABLE certificates (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	source VARCHAR(64) NOT NULL, 
	names TEXT NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	not_before DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_certificates PRIMARY KEY (id), 
	CONSTRAINT uq_certificates_name_key UNIQUE (name_key)
);
CREATE TABLE client_grants (
	id VARCHAR(64) NOT NULL, 
	client VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	sid VARCHAR(64) NOT NULL, 
	scope TEXT NOT NULL, 
	auth_time DOUBLE NOT NULL, 
	methods TEXT NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	family_hash VARCHAR(64) NOT NULL, 
	rotated DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_client_grants PRIMARY KEY (id), 
	CONSTRAINT fk_client_grants_client FOREIGN KEY(client) REFERENCES clients (id) ON DELETE CASCADE, 
	CONSTRAINT fk_client_grants_user FOREIGN KEY(user) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE client_keys (
	id VARCHAR(64) NOT NULL, 
	type VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	certificate TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	given BOOLEAN NOT NULL, 
	CONSTRAINT pk_client_keys PRIMARY KEY (id), 
	CONSTRAINT fk_client_keys_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
CREATE TABLE client_sessions (
	client VARCHAR(64) NOT NULL, 
	sid VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	began DOUBLE NOT NULL, 
	ended DOUBLE NOT NULL, 
	CONSTRAINT pk_client_sessions PRIMARY KEY (client, sid), 
	CONSTRAINT fk_client_sessions_client FOREIGN KEY(client) REFERENCES clients (id) ON DELETE CASCADE
);
CREATE TABLE clients (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	former_until DOUBLE NOT NULL, 
	redirect_uris TEXT NOT NULL, 
	post_logout_redirect_uris TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	rotated DOUBLE NOT NULL, backchannel_logout_uri TEXT DEFAULT '' NOT NULL, backchannel_logout_session_required BOOLEAN DEFAULT 0 NOT NULL, ca_bundle TEXT DEFAULT '' NOT NULL, frontchannel_logout_uri TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_clients PRIMARY KEY (id), 
	CONSTRAINT uq_clients_name_key UNIQUE (name_key)
);
INSERT INTO "clients" VALUES('d0867ea3d99f8ab0','grafana','grafana','2d4c4988db2d4a48611b1eb85759ba2189b463bc0c0d87152bdfff24eeee5005','',0.0,'["https://grafana.example.com/login"]','[]',1.79610244346256232262e+09,1.79610244346256232262e+09,'',0,'','');
CREATE TABLE command_lines (
	id VARCHAR(64) NOT NULL, 
	session TEXT NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	family_hash VARCHAR(64) NOT NULL, 
	rotated DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, origin VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_command_lines PRIMARY KEY (id)
);
CREATE TABLE connector_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	needs_approval BOOLEAN NOT NULL, 
	CONSTRAINT pk_connector_groups PRIMARY KEY (id), 
	CONSTRAINT uq_connector_groups_name_key UNIQUE (name_key)
);
INSERT INTO "connector_groups" VALUES('default','default','default',0);
INSERT INTO "connector_groups" VALUES('2adb2365396598fd','lab','lab',1);
CREATE TABLE connector_places (
	connector VARCHAR(64) NOT NULL, 
	node VARCHAR(64) NOT NULL, 
	seen DOUBLE NOT NULL, 
	CONSTRAINT pk_connector_places PRIMARY KEY (connector, node), 
	CONSTRAINT fk_connector_places_connector FOREIGN KEY(connector) REFERENCES connectors (id) ON DELETE CASCADE
);
CREATE TABLE connector_sightings (
	connector VARCHAR(64) NOT NULL, 
	seen DOUBLE NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	address VARCHAR(128) NOT NULL, inactive DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_connector_sightings PRIMARY KEY (connector), 
	CONSTRAINT fk_connector_sightings_connector FOREIGN KEY(connector) REFERENCES connectors (id) ON DELETE CASCADE
);
CREATE TABLE connectors (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	connector_group VARCHAR(64) NOT NULL, 
	state VARCHAR(64) NOT NULL, 
	certificate_serial VARCHAR(64) NOT NULL, 
	not_after DOUBLE NOT NULL, 
	enrolled DOUBLE NOT NULL, certificate_begins DOUBLE DEFAULT '0' NOT NULL, older_until DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_connectors PRIMARY KEY (id), 
	CONSTRAINT fk_connectors_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE RESTRICT
);
CREATE TABLE cors_rules (
	application VARCHAR(64) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	path VARCHAR(1024) NOT NULL, 
	origins TEXT NOT NULL, 
	methods TEXT NOT NULL, 
	headers TEXT NOT NULL, 
	exposed TEXT NOT NULL, 
	credentials BOOLEAN NOT NULL, 
	max_age INTEGER NOT NULL, 
	CONSTRAINT pk_cors_rules PRIMARY KEY (application, host, path), 
	CONSTRAINT fk_cors_rules_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "cors_rules" VALUES('01d256b996a29290','','/','https://status.example.com','PUT','x-own-*','',1,5);
CREATE TABLE device_answers (
	id VARCHAR(64) NOT NULL, 
	authority VARCHAR(64) NOT NULL, 
	until DOUBLE NOT NULL, 
	CONSTRAINT pk_device_answers PRIMARY KEY (id), 
	CONSTRAINT fk_device_answers_authority FOREIGN KEY(authority) REFERENCES device_authorities (id) ON DELETE CASCADE
);
CREATE TABLE device_authorities (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	certificates TEXT NOT NULL, 
	lists TEXT NOT NULL, 
	revoked TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	changed DOUBLE NOT NULL, editions TEXT DEFAULT '{}' NOT NULL, crl_urls TEXT DEFAULT '[]' NOT NULL, ocsp TEXT DEFAULT '[]' NOT NULL, ocsp_soft BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_device_authorities PRIMARY KEY (id), 
	CONSTRAINT uq_device_authorities_name_key UNIQUE (name_key)
);
CREATE TABLE device_codes (
	id VARCHAR(64) NOT NULL, 
	user_code VARCHAR(64) NOT NULL, 
	client VARCHAR(64) NOT NULL, 
	scope TEXT NOT NULL, 
	audience TEXT NOT NULL, 
	session TEXT NOT NULL, 
	denied BOOLEAN NOT NULL, 
	polled DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, asked TEXT DEFAULT '' NOT NULL, address VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_device_codes PRIMARY KEY (id), 
	CONSTRAINT uq_device_codes_user_code UNIQUE (user_code), 
	CONSTRAINT fk_device_codes_client FOREIGN KEY(client) REFERENCES native_clients (id) ON DELETE CASCADE
);
CREATE TABLE device_list_fetches (
	id VARCHAR(64) NOT NULL, 
	due DOUBLE NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	owned_until DOUBLE NOT NULL, 
	fetched DOUBLE NOT NULL, 
	failures INTEGER NOT NULL, 
	problem TEXT NOT NULL, 
	CONSTRAINT pk_device_list_fetches PRIMARY KEY (id), 
	CONSTRAINT fk_device_list_fetches_id FOREIGN KEY(id) REFERENCES device_authorities (id) ON DELETE CASCADE
);
CREATE TABLE device_revocations (
	id VARCHAR(64) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_device_revocations PRIMARY KEY (id)
);
CREATE TABLE device_statuses (
	id VARCHAR(64) NOT NULL, 
	authority VARCHAR(64) NOT NULL, 
	issuer VARCHAR(64) NOT NULL, 
	serial VARCHAR(64) NOT NULL, 
	url TEXT NOT NULL, 
	revoked BOOLEAN NOT NULL, 
	begins DOUBLE NOT NULL, 
	until DOUBLE NOT NULL, 
	due DOUBLE NOT NULL, 
	proved DOUBLE NOT NULL, 
	failures INTEGER NOT NULL, 
	problem TEXT NOT NULL, 
	CONSTRAINT pk_device_statuses PRIMARY KEY (id), 
	CONSTRAINT fk_device_statuses_authority FOREIGN KEY(authority) REFERENCES device_authorities (id) ON DELETE CASCADE
);
CREATE TABLE devices (
	id VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	days INTEGER NOT NULL, 
	created DOUBLE NOT NULL, 
	link_hash VARCHAR(64) NOT NULL, 
	link_until DOUBLE NOT NULL, 
	password BLOB NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	number VARCHAR(64) NOT NULL, 
	not_after DOUBLE NOT NULL, 
	revoked DOUBLE NOT NULL, 
	CONSTRAINT pk_devices PRIMARY KEY (id), 
	CONSTRAINT fk_devices_user FOREIGN KEY(user) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE directories (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	place INTEGER NOT NULL, 
	bind_password BLOB NOT NULL, 
	settings TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_directories PRIMARY KEY (id), 
	CONSTRAINT uq_directories_name_key UNIQUE (name_key)
);
CREATE TABLE directory_groups (
	group_id VARCHAR(64) NOT NULL, 
	directory VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	CONSTRAINT pk_directory_groups PRIMARY KEY (group_id), 
	CONSTRAINT fk_directory_groups_group_id FOREIGN KEY(group_id) REFERENCES user_groups (id) ON DELETE CASCADE, 
	CONSTRAINT fk_directory_groups_directory FOREIGN KEY(directory) REFERENCES directories (id) ON DELETE RESTRICT, 
	CONSTRAINT uq_directory_groups_directory_subject UNIQUE (directory, subject)
);
CREATE TABLE directory_users (
	user_id VARCHAR(64) NOT NULL, 
	directory VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	password_mark VARCHAR(128) NOT NULL, 
	checked DOUBLE NOT NULL, 
	CONSTRAINT pk_directory_users PRIMARY KEY (user_id), 
	CONSTRAINT fk_directory_users_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_directory_users_directory FOREIGN KEY(directory) REFERENCES directories (id) ON DELETE RESTRICT, 
	CONSTRAINT uq_directory_users_directory_subject UNIQUE (directory, subject)
);
CREATE TABLE encryption_keys (
	id VARCHAR(64) NOT NULL, 
	type VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_encryption_keys PRIMARY KEY (id), 
	CONSTRAINT fk_encryption_keys_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
CREATE TABLE external_urls (
	host VARCHAR(255) NOT NULL, 
	path VARCHAR(1024) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_external_urls PRIMARY KEY (host, path), 
	CONSTRAINT fk_external_urls_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "external_urls" VALUES('wiki.example.com','/','01d256b996a29290');
INSERT INTO "external_urls" VALUES('status.example.com','/','3d82543f88bbe5cd');
INSERT INTO "external_urls" VALUES('sales.example.com','/','8886ce9300959604');
INSERT INTO "external_urls" VALUES('handbook.example.com','/','01d256b996a29290');
CREATE TABLE idempotent_answers (
	id VARCHAR(64) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	answer BLOB NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_idempotent_answers PRIMARY KEY (id)
);
CREATE TABLE join_tokens (
	id VARCHAR(64) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	connector_group VARCHAR(64) NOT NULL, 
	uses INTEGER NOT NULL, 
	uses_left INTEGER NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, allowed_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_join_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_join_tokens_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE CASCADE
);
INSERT INTO "join_tokens" VALUES('505887e81a7800a9','d04281def8ec8adbae1968922b41ce0b940b7c56e13450f12cc246a9495f4487','default',1,1,1796102406.74659,1796106006.74659,'');
INSERT INTO "join_tokens" VALUES('bb08617f1a2d73fe','69db9c0fc12ba572f0b5fbd7c3c187605916d24c242dffb2f7871a686a59de85','2adb2365396598fd',3,3,1.79610243123144388199e+09,1.79610603123144388195e+09,'');
CREATE TABLE kept_forms (
	id VARCHAR(64) NOT NULL, 
	owner VARCHAR(64) NOT NULL, 
	place VARCHAR(64) NOT NULL, 
	size INTEGER NOT NULL, 
	expires DOUBLE NOT NULL, 
	form BLOB NOT NULL, 
	CONSTRAINT pk_kept_forms PRIMARY KEY (id)
);
CREATE TABLE leaves (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	authority VARCHAR(64) NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	CONSTRAINT pk_leaves PRIMARY KEY (id), 
	CONSTRAINT fk_leaves_authority FOREIGN KEY(authority) REFERENCES authorities (id) ON DELETE CASCADE
);
INSERT INTO "leaves" VALUES('1d6c4fb1822abc94','connector','5e95a87bafe883a6','-----BEGIN CERTIFICATE-----
MIIB4TCCAYigAwIBAgIQM+o5XckI/zf4BPpPbKbTiDAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGFjYzU4ZjBhM2VmOWU4YjcwHhcN
MjYxMTMwMDUyMDA1WhcNMjcxMjAxMDUyMDA1WjAeMRwwGgYDVQQDDBNjb25uZWN0
LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEj06uE+1kbi1h
k7pV+Dwzfmaa+/GzBXOWOp394z/1Prf7wfzCK+ivfdmt1p4kM5C3YCKrzpRCOp8/
s/ET0y4c4aOBljCBkzAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNV
HSUEDDAKBggrBgEFBQcDATAeBgNVHREEFzAVghNjb25uZWN0LmV4YW1wbGUuY29t
MB0GA1UdDgQWBBSZ9Nzt2zksiL8sq/jtUG4n7ITphDAfBgNVHSMEGDAWgBQmIYhP
K/0db1XMgXcA+XSQhlZT2zAKBggqhkjOPQQDAgNHADBEAiBVvmkULJ7SEB3ZCug8
6jWACi7zeJ7BlSeUZ7LIEaDPgAIgCEOkSBJ4aPC/EoaIkAfPkmIsfFG3+KLnmm/K
V54w+uc=
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIQOxscleHxmhte0/mzdyixfDAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGFjYzU4ZjBhM2VmOWU4YjcwHhcN
MjYxMTMwMDUyMDA1WhcNMzYxMTMwMTcyMDA1WjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIGFjYzU4ZjBhM2VmOWU4YjcwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATUUUK4JLP6yGbGCioE0Hps5xYWC2KzxxmZyOwXCRI5pIA+0XdCj2wC
K4ulYiy14IV06HEwGDhY0m3/nz6OW2bWo0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUJiGITyv9HW9VzIF3APl0kIZWU9sw
CgYIKoZIzj0EAwIDSAAwRQIgWNgWQEI7aOfOwXau/oOTj4Sw5u/e0bKgWUe0hiAC
d8YCIQCUaJFTOy7A+bmnCS8/O3FD2xm6dx/c/ZgPzhVcq4TDeg==
-----END CERTIFICATE-----
',X'7331BC76BB723E2FA9732E5D16FF4E671C6A032F278D69BFE5344999721D9FC2DE341985A2DD65595F73EB6A35FAFC8BB0A27FE70F94D27BCBC7774C1D87353F2330434141FB9A511CF0B93BBBD720802A4E532791F999E6D04CDEDB486D50F970DA8A8AA8ADF44F738A5FFC290C0BA38B15D289AA75B06F4D7D814FED9F736E4E6F73A4081CF20BBAB49F52A1D49A559ABD8E292DB61FBF8404D51B8A91F84E24D38CFBAADFF734B9004A8D6689AE4CA222C39311A51D12DBA79A15C193AC51F727D4156901EE82B0FA730AA459CC754433CE9D3B0645BA70810EB41A4AD25A6EAD7201001BD3817718AA47A7BAFB1FEE300A0505F6C358B2469808D8EB6EEC1B28CECBD58C55A3C66B182AAE93CAEEB70569',1.79610240597682309154e+09,1827638405.0);
INSERT INTO "leaves" VALUES('8da23caf1ff1ba52','user','9c614441a623fc75','-----BEGIN CERTIFICATE-----
MIIB4zCCAYigAwIBAgIQdyafFNbd7k1EODTo/w2ERjAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBhY2M1OGYwYTNlZjllOGI3MB4X
DTI2MTEzMDA1MjAwNVoXDTI3MTIwMTA1MjAwNVowFjEUMBIGA1UEAwwLZXhhbXBs
ZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATr1YIQtn2QSNwG+L53jPk0
+J1jYNaVpxSvJun1d8yiaCi0h+OwM1KuBQkPdT24QYsw9yDwOYXu0cKIFe+ZjheG
o4GdMIGaMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoG
CCsGAQUFBwMBMCUGA1UdEQQeMByCC2V4YW1wbGUuY29tgg0qLmV4YW1wbGUuY29t
MB0GA1UdDgQWBBQw/qhNRDTWUmWrOpfDU0HpZq/owDAfBgNVHSMEGDAWgBQnJMgP
t7N6tFJp3HOD8e2YYYkoZzAKBggqhkjOPQQDAgNJADBGAiEAwABALJJEVKQ1fUMH
+f1+JB8Kb8nW5mvVyV/LOrQ6VVUCIQDCc/Urk2UKXzGC7vtIljC287B/LPgMDE5V
LPCrX1EG3Q==
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBwTCCAWigAwIBAgIQf3A5PmZStI9aolfc/7ye2zAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBhY2M1OGYwYTNlZjllOGI3MB4X
DTI2MTEzMDA1MjAwNVoXDTM2MTEzMDE3MjAwNVowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gYWNjNThmMGEzZWY5ZThiNzBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABAGXPGKvz9qBVcty4Hd7WsWkS87DW2Em3r1yVJEnnVa9Z8nGKza2
elN6yASRTSutATIYccay5m8S6GQOQcKj7C+jZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQnJMgPt7N6tFJp3HOD8e2YYYko
ZzAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDRwAw
RAIgdZN01LdNWwhXB2aYWE1yzXnzS0rIkdGQ15BFWXOmk0UCIH+/pCs6zvSgK0A4
G1dA0AJ3k7psIu0SaS5w3IH8DiKA
-----END CERTIFICATE-----
',X'7331BC76BB7280A89BDCE3221872187AA91FF53AF43977960E6279894FC40F59951C97853057AD37628FD943D13DF8147C9B3FF98FD771FA5F381AF22E662C01CB51537F7B57A6D01BB223C86AEA23F1A360A9D50B9E29E6BE1ECCDF187A5F9F8B920D7ABA93CBEA7FB5E51632640C26BB3112707C725C206E966040480D3F0E0F2DA90B4429448079475BD71E2A8D9109F6B9A1DA0E44B7EF5C2B66A203E7F56D169B12BA1995037D3DD25CB174453FED080FB9D428BEB6DC737DC002DBD023456633E9A9D342EAC1A2FFA1853828481646B3D68737AC01F3A0A7544BD7B3877590A9AB5961DD820E4CE31E1C02C530214823621B5A89005A830F605D0C9E2E71D274C46A6FAC3E2AAD15E9467875E7A2DEB5',1.79610240597682309154e+09,1827638405.0);
CREATE TABLE logo_pictures (
	application VARCHAR(64) NOT NULL, 
	picture BLOB NOT NULL, 
	CONSTRAINT pk_logo_pictures PRIMARY KEY (application), 
	CONSTRAINT fk_logo_pictures_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
CREATE TABLE master_check (
	id VARCHAR(64) NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_master_check PRIMARY KEY (id)
);
INSERT INTO "master_check" VALUES('check',X'7331BC76BB72D96D8246496E4116C0DC61A6735F7CC818406B2D08C3A8943F5325C5146426E68018528E');
CREATE TABLE memberships (
	user_id VARCHAR(64) NOT NULL, 
	group_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_memberships PRIMARY KEY (user_id, group_id), 
	CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_memberships_group_id FOREIGN KEY(group_id) REFERENCES user_groups (id) ON DELETE CASCADE
);
INSERT INTO "memberships" VALUES('a85f8b311fb049f0','b3bf954fe89a817a');
INSERT INTO "memberships" VALUES('7f183e525d8e9c5d','b3bf954fe89a817a');
CREATE TABLE native_client_applications (
	client VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_native_client_applications PRIMARY KEY (client, application), 
	CONSTRAINT fk_native_client_applications_client FOREIGN KEY(client) REFERENCES native_clients (id) ON DELETE CASCADE, 
	CONSTRAINT fk_native_client_applications_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "native_client_applications" VALUES('5e71453658cdac1d','01d256b996a29290');
CREATE TABLE native_clients (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	redirect_uris TEXT NOT NULL, 
	created DOUBLE NOT NULL, device_codes BOOLEAN DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_native_clients PRIMARY KEY (id), 
	CONSTRAINT uq_native_clients_name_key UNIQUE (name_key)
);
INSERT INTO "native_clients" VALUES('5e71453658cdac1d','tools','tools','["http://127.0.0.1/callback"]',1.79610244563814115529e+09,0);
CREATE TABLE native_grants (
	id VARCHAR(64) NOT NULL, 
	client VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	scope TEXT NOT NULL, 
	audience TEXT NOT NULL, 
	auth_time DOUBLE NOT NULL, 
	methods TEXT NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	rotated DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, family_hash VARCHAR(64) DEFAULT '' NOT NULL, risk VARCHAR(64) DEFAULT '' NOT NULL, 
	CONSTRAINT pk_native_grants PRIMARY KEY (id), 
	CONSTRAINT fk_native_grants_client FOREIGN KEY(client) REFERENCES native_clients (id) ON DELETE CASCADE, 
	CONSTRAINT fk_native_grants_user FOREIGN KEY(user) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE node_tokens (
	id VARCHAR(64) NOT NULL, 
	bundle TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	used DOUBLE NOT NULL, 
	used_by VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_node_tokens PRIMARY KEY (id)
);
CREATE TABLE nodes (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	directory TEXT NOT NULL, 
	address VARCHAR(300) NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	started DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	beats BIGINT NOT NULL, 
	CONSTRAINT pk_nodes PRIMARY KEY (id)
);
CREATE TABLE not_before (
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	time DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_not_before PRIMARY KEY (provider, subject)
);
CREATE TABLE one_time (
	id VARCHAR(255) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_one_time PRIMARY KEY (id)
);
CREATE TABLE passkeys (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	label VARCHAR(128) NOT NULL, 
	credential VARCHAR(1364) NOT NULL, 
	public_key TEXT NOT NULL, 
	sign_count BIGINT NOT NULL, 
	transports VARCHAR(128) NOT NULL, 
	created DOUBLE NOT NULL, 
	used DOUBLE NOT NULL, 
	CONSTRAINT pk_passkeys PRIMARY KEY (id), 
	CONSTRAINT uq_passkeys_credential UNIQUE (credential), 
	CONSTRAINT fk_passkeys_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE password_attempts (
	number INTEGER NOT NULL, 
	process VARCHAR(64) NOT NULL, 
	time DOUBLE NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	device VARCHAR(64) NOT NULL, 
	network VARCHAR(128) NOT NULL, 
	block VARCHAR(128) NOT NULL, 
	succeeded BOOLEAN NOT NULL, 
	CONSTRAINT pk_password_attempts PRIMARY KEY (number)
);
CREATE TABLE password_links (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_password_links PRIMARY KEY (id), 
	CONSTRAINT fk_password_links_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE policy_documents (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	document TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	groups_since DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_policy_documents PRIMARY KEY (id), 
	CONSTRAINT uq_policy_documents_kind_name_key UNIQUE (kind, name_key)
);
CREATE TABLE policy_results (
	day BIGINT NOT NULL, 
	policy VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	does VARCHAR(64) NOT NULL, 
	amount BIGINT NOT NULL, 
	last DOUBLE NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	because VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_policy_results PRIMARY KEY (day, policy, provider, subject, application, does), 
	CONSTRAINT fk_policy_results_policy FOREIGN KEY(policy) REFERENCES policy_documents (id) ON DELETE CASCADE
);
CREATE TABLE providers (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	issuer TEXT NOT NULL, 
	client_id TEXT NOT NULL, 
	client_secret BLOB NOT NULL, 
	scopes TEXT NOT NULL, 
	groups_claim VARCHAR(255) NOT NULL, 
	algorithms TEXT NOT NULL, ca_bundle TEXT DEFAULT '' NOT NULL, pushed_requests VARCHAR(16) DEFAULT 'auto' NOT NULL, session_hours DOUBLE DEFAULT '12' NOT NULL, idle_minutes DOUBLE DEFAULT '240' NOT NULL, fetch_groups BOOLEAN DEFAULT 0 NOT NULL, kind VARCHAR(64) DEFAULT 'oidc' NOT NULL, settings TEXT DEFAULT '{}' NOT NULL, secret_changed DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_providers PRIMARY KEY (id), 
	CONSTRAINT uq_providers_name_key UNIQUE (name_key)
);
INSERT INTO "providers" VALUES('builtin','builtin','builtin','https://signin.example.com','appproxy',X'7331BC76BB725D57CE644F712FAF357B19186045A6377068809BA05EAF49CDAF9B2890082EC2165099570E6B588597D3BC4C26D51C272A38D53EE0AB1B4B205CB76F8483DA8DDF301AED9EE81DA4CAF95B56CA0490C21684DA2DBE492F9A65A86417','openid profile email','groups','ES256','','auto',12.0,240.0,0,'builtin','{}',1.79610240597682309154e+09);
INSERT INTO "providers" VALUES('0a4f60a2efcba59e','corp','corp','https://login.corp.example/','appproxy',X'7331BC76BB72959458281BE7B8E8A4B55BC2CB85DF23D92EC33D29BEE0C198D66EB177168CAE99E6AEEEE669EED36B','openid profile email','groups','RS256 ES256','','auto',12.0,240.0,0,'oidc','{}',1.79610243396653652186e+09);
CREATE TABLE rate_uses (
	node VARCHAR(64) NOT NULL, 
	beat BIGINT NOT NULL, 
	uses TEXT NOT NULL, 
	CONSTRAINT pk_rate_uses PRIMARY KEY (node, beat)
);
CREATE TABLE recent_applications (
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	used DOUBLE NOT NULL, 
	CONSTRAINT pk_recent_applications PRIMARY KEY (provider, subject, application), 
	CONSTRAINT fk_recent_applications_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_recent_applications_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
CREATE TABLE recovery_codes (
	user_id VARCHAR(64) NOT NULL, 
	code_hash VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_recovery_codes PRIMARY KEY (user_id, code_hash), 
	CONSTRAINT fk_recovery_codes_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE refused_codes (
	id VARCHAR(64) NOT NULL, 
	user_id VARCHAR(64) NOT NULL, 
	origin VARCHAR(64) NOT NULL, 
	time DOUBLE NOT NULL, 
	CONSTRAINT pk_refused_codes PRIMARY KEY (id), 
	CONSTRAINT fk_refused_codes_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE revisions (
	part VARCHAR(128) NOT NULL, 
	revision BIGINT NOT NULL, 
	CONSTRAINT pk_revisions PRIMARY KEY (part)
);
INSERT INTO "revisions" VALUES('all',14);
INSERT INTO "revisions" VALUES('authorities',1);
INSERT INTO "revisions" VALUES('connector_groups',2);
INSERT INTO "revisions" VALUES('providers',7);
INSERT INTO "revisions" VALUES('sealing_keys',1);
INSERT INTO "revisions" VALUES('settings',1);
INSERT INTO "revisions" VALUES('applications',8);
INSERT INTO "revisions" VALUES('assignments',9);
INSERT INTO "revisions" VALUES('segments',10);
INSERT INTO "revisions" VALUES('cors_rules',11);
INSERT INTO "revisions" VALUES('clients',12);
INSERT INTO "revisions" VALUES('native_client_applications',13);
INSERT INTO "revisions" VALUES('native_clients',13);
INSERT INTO "revisions" VALUES('role_assignments',14);
CREATE TABLE revoked_sessions (
	id VARCHAR(64) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_revoked_sessions PRIMARY KEY (id)
);
CREATE TABLE risk_counts (
	kind VARCHAR(64) NOT NULL, 
	value VARCHAR(128) NOT NULL, 
	amount DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	CONSTRAINT pk_risk_counts PRIMARY KEY (kind, value)
);
CREATE TABLE risk_failures (
	network VARCHAR(64) NOT NULL, 
	subject VARCHAR(64) NOT NULL, 
	hour BIGINT NOT NULL, 
	amount BIGINT NOT NULL, 
	CONSTRAINT pk_risk_failures PRIMARY KEY (network, subject, hour)
);
CREATE TABLE risk_sign_ins (
	id VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	time DOUBLE NOT NULL, 
	session VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	country VARCHAR(64) NOT NULL, 
	latitude DOUBLE, 
	longitude DOUBLE, 
	browser VARCHAR(128) NOT NULL, 
	system VARCHAR(128) NOT NULL, 
	device VARCHAR(64) NOT NULL, 
	step VARCHAR(64) NOT NULL, 
	new_device INTEGER NOT NULL, 
	score DOUBLE NOT NULL, 
	level VARCHAR(64) NOT NULL, 
	parts TEXT NOT NULL, 
	outcome VARCHAR(64) NOT NULL, 
	state VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_risk_sign_ins PRIMARY KEY (id)
);
CREATE TABLE risky_users (
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	medium_until DOUBLE NOT NULL, 
	high_until DOUBLE NOT NULL, 
	confirmed BOOLEAN NOT NULL, 
	changed DOUBLE NOT NULL, 
	CONSTRAINT pk_risky_users PRIMARY KEY (provider, subject)
);
CREATE TABLE role_assignments (
	id VARCHAR(64) NOT NULL, 
	role VARCHAR(64) NOT NULL, 
	provider VARCHAR(64), 
	kind VARCHAR(16) NOT NULL, 
	value VARCHAR(255) NOT NULL, 
	application VARCHAR(64), 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, entitlement VARCHAR(64) DEFAULT '' NOT NULL, through VARCHAR(255) DEFAULT '' NOT NULL, asked_until DOUBLE DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_role_assignments PRIMARY KEY (id), 
	CONSTRAINT fk_role_assignments_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE, 
	CONSTRAINT fk_role_assignments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "role_assignments" VALUES('91f62692d2799e68','help-desk','builtin','group','b3bf954fe89a817a',NULL,1.79610244770279288287e+09,0.0,'','',0.0);
CREATE TABLE role_entitlements (
	id VARCHAR(64) NOT NULL, 
	role VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	value VARCHAR(255) NOT NULL, 
	application VARCHAR(64), 
	longest DOUBLE NOT NULL, 
	approval BOOLEAN NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_role_entitlements PRIMARY KEY (id), 
	CONSTRAINT fk_role_entitlements_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE, 
	CONSTRAINT fk_role_entitlements_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
CREATE TABLE role_requests (
	id VARCHAR(64) NOT NULL, 
	entitlement VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	name TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	seconds DOUBLE NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	decider TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	ends DOUBLE NOT NULL, 
	CONSTRAINT pk_role_requests PRIMARY KEY (id), 
	CONSTRAINT fk_role_requests_entitlement FOREIGN KEY(entitlement) REFERENCES role_entitlements (id) ON DELETE CASCADE
);
CREATE TABLE sealing_keys (
	id INTEGER NOT NULL, 
	secret BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_sealing_keys PRIMARY KEY (id)
);
INSERT INTO "sealing_keys" VALUES(1,X'7331BC76BB721439AF335E5E9EC7D70DEF46F0437948062BBF0BC79171740CAF63E397F510E0CE3C0C2F028BAE931D3AD1B11F0B2CA2E52502BEA681E5F2D5448B67',1.79610240597682309154e+09);
CREATE TABLE second_factor_rules (
	id VARCHAR(64) NOT NULL, 
	user_group VARCHAR(64), 
	since DOUBLE NOT NULL, 
	grace DOUBLE NOT NULL, 
	CONSTRAINT pk_second_factor_rules PRIMARY KEY (id), 
	CONSTRAINT uq_second_factor_rules_user_group UNIQUE (user_group), 
	CONSTRAINT fk_second_factor_rules_user_group FOREIGN KEY(user_group) REFERENCES user_groups (id) ON DELETE CASCADE
);
CREATE TABLE segments (
	id VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	external TEXT NOT NULL, 
	internal TEXT NOT NULL, 
	settings TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_segments PRIMARY KEY (id), 
	CONSTRAINT fk_segments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "segments" VALUES('35c8780ff6e1e42b','01d256b996a29290','https://handbook.example.com/','http://wiki.internal:8080/','{}',1.79610243876185941697e+09);
CREATE TABLE service_token_applications (
	token VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_service_token_applications PRIMARY KEY (token, application), 
	CONSTRAINT fk_service_token_applications_token FOREIGN KEY(token) REFERENCES service_tokens (id) ON DELETE CASCADE, 
	CONSTRAINT fk_service_token_applications_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
CREATE TABLE service_token_uses (
	token VARCHAR(64) NOT NULL, 
	used DOUBLE NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_service_token_uses PRIMARY KEY (token), 
	CONSTRAINT fk_service_token_uses_token FOREIGN KEY(token) REFERENCES service_tokens (id) ON DELETE CASCADE
);
CREATE TABLE service_tokens (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	former_hash VARCHAR(64) NOT NULL, 
	former_until DOUBLE NOT NULL, 
	networks TEXT NOT NULL, 
	claims TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	rotated DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_service_tokens PRIMARY KEY (id), 
	CONSTRAINT uq_service_tokens_name_key UNIQUE (name_key)
);
CREATE TABLE session_applications (
	session VARCHAR(64) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_session_applications PRIMARY KEY (session, application), 
	CONSTRAINT fk_session_applications_session FOREIGN KEY(session) REFERENCES sessions (id) ON DELETE CASCADE
);
CREATE TABLE sessions (
	id VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	issuer TEXT NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	sid VARCHAR(255) NOT NULL, 
	began DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	ended DOUBLE NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	client VARCHAR(255) NOT NULL, 
	auth_time DOUBLE NOT NULL, 
	amr TEXT NOT NULL, 
	acr VARCHAR(255) NOT NULL, 
	id_token BLOB NOT NULL, 
	refresh_token BLOB NOT NULL, 
	claims BLOB NOT NULL, 
	refresh_at DOUBLE NOT NULL, 
	refreshes INTEGER NOT NULL, 
	lease_until DOUBLE NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id)
);
CREATE TABLE settings (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('instance','acc58f0a3ef9e8b7');
INSERT INTO "settings" VALUES('domain','example.com');
INSERT INTO "settings" VALUES('public_port','443');
CREATE TABLE sign_out_notices (
	id VARCHAR(64) NOT NULL, 
	client VARCHAR(64) NOT NULL, 
	user VARCHAR(64) NOT NULL, 
	sid VARCHAR(64) NOT NULL, 
	tries INTEGER NOT NULL, 
	due DOUBLE NOT NULL, 
	CONSTRAINT pk_sign_out_notices PRIMARY KEY (id), 
	CONSTRAINT fk_sign_out_notices_client FOREIGN KEY(client) REFERENCES clients (id) ON DELETE CASCADE
);
CREATE TABLE signing_keys (
	id VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_signing_keys PRIMARY KEY (id)
);
INSERT INTO "signing_keys" VALUES('c9d23b5f034bc88d',X'7331BC76BB72564284DD49E8D5AAD557583637576E466519D30EEAE75A812DCAB6A4B78C7AB79703C85B6D16197BBB0694FB0CA8DF8EB8A123F75141F5854E9911536E69FAD5251811A703E00E054E3B69BF47D46758E892C8F81AE798809344474749B696035A4C236465D70F611932EF5FCEF4BB089B0D35761B82D106AB1F098BEE3A1E1064230CBE92E624D4ACDAEEB8B07ACA21A24AB7D7F1C8ECC9817B1684D5A5ED531D664B7FFCDDAC5C73769483200F44D53348F13659F127BD3AED7F61D6F18B47A96429C26E57B88489A0449FB2060680DA5FA1DA3EB4C700C4FD53DB1159B0A274970824CF73445C3A7CDB7FC1928139A89DAEEAAEED15D9F0941C42C24015D7679C07D3628C177E9780B6348F',1.79610240597682309154e+09);
CREATE TABLE update_leases (
	connector_group VARCHAR(64) NOT NULL, 
	connector VARCHAR(64) NOT NULL, 
	begun DOUBLE NOT NULL, 
	until DOUBLE NOT NULL, 
	CONSTRAINT pk_update_leases PRIMARY KEY (connector_group), 
	CONSTRAINT fk_update_leases_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE CASCADE, 
	CONSTRAINT fk_update_leases_connector FOREIGN KEY(connector) REFERENCES connectors (id) ON DELETE CASCADE
);
CREATE TABLE user_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_user_groups PRIMARY KEY (id), 
	CONSTRAINT uq_user_groups_name_key UNIQUE (name_key)
);
INSERT INTO "user_groups" VALUES('b3bf954fe89a817a','staff','staff');
CREATE TABLE users (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	display_name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	disabled BOOLEAN NOT NULL, 
	created DOUBLE NOT NULL, 
	credentials_changed DOUBLE NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_name UNIQUE (name)
);
INSERT INTO "users" VALUES('a85f8b311fb049f0','alice','Alice','alice@example.com','$argon2id$v=19$m=47104,t=1,p=1$1fuMZX1JaJUNC+rdchywpQ$WnkudyPbJBR0cAtRrpVXZJztGauVgdwPYDw5A5RhtTQ',0,1.79610241706583905222e+09,1.79610241706583905222e+09);
INSERT INTO "users" VALUES('7f183e525d8e9c5d','bob','bob','','$argon2id$v=19$m=47104,t=1,p=1$0lkdcKFYM+f9XI/qA/4Gow$xzbfqyVDEYOqit5TE24h5L3GTh2iO5KyvZhvKDFn63A',0,1.79610242075302624703e+09,1.79610242075302624703e+09);
CREATE TABLE waiting_machines (
	id VARCHAR(64) NOT NULL, 
	user_code VARCHAR(64) NOT NULL, 
	purpose VARCHAR(64) NOT NULL, 
	name TEXT NOT NULL, 
	connector_group TEXT NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	session TEXT NOT NULL, 
	denied BOOLEAN NOT NULL, 
	polled DOUBLE NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_waiting_machines PRIMARY KEY (id), 
	CONSTRAINT uq_waiting_machines_user_code UNIQUE (user_code)
);
CREATE INDEX ix_one_time_expires ON one_time (expires);
CREATE INDEX ix_revoked_sessions_expires ON revoked_sessions (expires);
CREATE INDEX ix_audit_time ON audit (time);
CREATE INDEX ix_applications_connector_group ON applications (connector_group);
CREATE INDEX ix_applications_provider ON applications (provider);
CREATE INDEX ix_memberships_group_id ON memberships (group_id);
CREATE INDEX ix_join_tokens_expires ON join_tokens (expires);
CREATE INDEX ix_join_tokens_connector_group ON join_tokens (connector_group);
CREATE INDEX ix_connectors_connector_group ON connectors (connector_group);
CREATE INDEX ix_leaves_authority ON leaves (authority);
CREATE INDEX ix_segments_application ON segments (application);
CREATE INDEX ix_external_urls_application ON external_urls (application);
CREATE INDEX ix_acme_challenges_expires ON acme_challenges (expires);
CREATE INDEX ix_not_before_expires ON not_before (expires);
CREATE INDEX ix_authenticator_apps_user_id ON authenticator_apps (user_id);
CREATE INDEX ix_passkeys_user_id ON passkeys (user_id);
CREATE INDEX ix_refused_codes_user_id ON refused_codes (user_id);
CREATE INDEX ix_refused_codes_time ON refused_codes (time);
CREATE INDEX ix_password_links_user_id ON password_links (user_id);
CREATE INDEX ix_password_links_expires ON password_links (expires);
CREATE INDEX ix_sessions_expires ON sessions (expires);
CREATE INDEX ix_sessions_provider_subject ON sessions (provider, subject);
CREATE INDEX ix_sessions_provider_sid ON sessions (provider, sid);
CREATE INDEX ix_service_tokens_expires ON service_tokens (expires);
CREATE INDEX ix_service_token_applications_application ON service_token_applications (application);
CREATE INDEX ix_application_providers_provider ON application_providers (provider);
CREATE INDEX ix_client_keys_provider ON client_keys (provider);
CREATE INDEX ix_kept_forms_expires ON kept_forms (expires);
CREATE INDEX ix_kept_forms_owner ON kept_forms (owner);
CREATE INDEX ix_native_client_applications_application ON native_client_applications (application);
CREATE INDEX ix_native_grants_client ON native_grants (client);
CREATE INDEX ix_native_grants_user ON native_grants (user);
CREATE INDEX ix_native_grants_expires ON native_grants (expires);
CREATE INDEX ix_device_codes_client ON device_codes (client);
CREATE INDEX ix_device_codes_expires ON device_codes (expires);
CREATE INDEX ix_role_assignments_provider ON role_assignments (provider);
CREATE INDEX ix_role_assignments_application ON role_assignments (application);
CREATE INDEX ix_client_sessions_sid ON client_sessions (sid);
CREATE INDEX ix_client_sessions_user ON client_sessions (user);
CREATE INDEX ix_client_sessions_began ON client_sessions (began);
CREATE INDEX ix_sign_out_notices_client ON sign_out_notices (client);
CREATE INDEX ix_sign_out_notices_due ON sign_out_notices (due);
CREATE INDEX ix_idempotent_answers_expires ON idempotent_answers (expires);
CREATE INDEX ix_node_tokens_expires ON node_tokens (expires);
CREATE INDEX ix_password_attempts_time ON password_attempts (time);
CREATE INDEX ix_connector_places_node ON connector_places (node);
CREATE INDEX ix_risk_sign_ins_time ON risk_sign_ins (time);
CREATE INDEX ix_risk_sign_ins_address ON risk_sign_ins (address);
CREATE INDEX ix_risk_sign_ins_provider ON risk_sign_ins (provider, subject);
CREATE INDEX ix_risk_counts_seen ON risk_counts (seen);
CREATE INDEX ix_risk_failures_subject ON risk_failures (subject);
CREATE INDEX ix_risk_failures_hour ON risk_failures (hour);
CREATE INDEX ix_devices_user ON devices (user);
CREATE INDEX ix_devices_link_hash ON devices (link_hash);
CREATE INDEX ix_device_revocations_expires ON device_revocations (expires);
CREATE INDEX ix_role_assignments_entitlement ON role_assignments (entitlement);
CREATE INDEX ix_waiting_machines_expires ON waiting_machines (expires);
CREATE INDEX ix_command_lines_expires ON command_lines (expires);
CREATE INDEX ix_role_entitlements_provider ON role_entitlements (provider);
CREATE INDEX ix_role_entitlements_application ON role_entitlements (application);
CREATE INDEX ix_role_requests_entitlement ON role_requests (entitlement);
CREATE INDEX ix_role_requests_ends ON role_requests (ends);
CREATE INDEX ix_policy_results_policy ON policy_results (policy);
CREATE INDEX ix_client_grants_client ON client_grants (client);
CREATE INDEX ix_client_grants_user ON client_grants (user);
CREATE INDEX ix_client_grants_sid ON client_grants (sid);
CREATE INDEX ix_client_grants_expires ON client_grants (expires);
CREATE INDEX ix_device_statuses_authority ON device_statuses (authority);
CREATE INDEX ix_device_statuses_due ON device_statuses (due);
CREATE INDEX ix_device_statuses_proved ON device_statuses (proved);
CREATE INDEX ix_device_answers_authority ON device_answers (authority);
CREATE INDEX ix_encryption_keys_provider ON encryption_keys (provider);
CREATE INDEX ix_recent_applications_application ON recent_applications (application);
CREATE INDEX ix_recent_applications_used ON recent_applications (used);
CREATE INDEX ix_access_requests_application ON access_requests (application);
CREATE INDEX ix_access_requests_ends ON access_requests (ends);
CREATE INDEX ix_access_requests_provider_subject ON access_requests (provider, subject);
COMMIT;
-- what no command had filled
INSERT INTO "access_requests" VALUES('access_requests.id','01d256b996a29290','0a4f60a2efcba59e','access_requests.subject','access_requests.name','access_requests.reason','s_requests.state','access_requests.decider','{}',1782864496.25,1782865512.75,1782864774.5);
INSERT INTO "acme_accounts" VALUES('acme_accounts.id','acme_accounts.directory','acme_accounts.contacts','acme_accounts.authority',X'61636D655F6163636F756E74732E6B6579','acme_accounts.binding_id',X'61636D655F6163636F756E74732E62696E64696E675F6B6579','acme_accounts.url');
INSERT INTO "acme_challenges" VALUES('acme_challenges.token','acme_challenges.kind','acme_challenges.host','{}',1782866019.25);
INSERT INTO "application_logos" VALUES('01d256b996a29290','application_logos.kind','application_logos.digest');
INSERT INTO "application_providers" VALUES('01d256b996a29290','0a4f60a2efcba59e',4238);
INSERT INTO "authenticator_apps" VALUES('authenticator_apps.id','7f183e525d8e9c5d','authenticator_apps.label',X'61757468656E74696361746F725F617070732E736563726574',1064,1782866294.5,1782865051.25);
INSERT INTO "break_glass" VALUES('0a4f60a2efcba59e','break_glass.subject');
INSERT INTO "certificate_orders" VALUES('certificate_orders.id','certificate_orders.name','certificate_orders.name_key','certificate_orders.hosts','certificate_orders.challenge',1782865398.5,1416,'certificate_orders.problem','certificate_orders.owner',1782864087.25,1782864463.0);
INSERT INTO "certificates" VALUES('certificates.id','certificates.name','certificates.name_key','certificates.source','certificates.names','certificates.certificate',X'6365727469666963617465732E6B6579',1782865963.0,1782865476.75,1782864594.5,1782866134.0);
INSERT INTO "client_grants" VALUES('client_grants.id','d0867ea3d99f8ab0','7f183e525d8e9c5d','client_grants.sid','client_grants.scope',1782866185.25,'client_grants.methods','client_grants.secret_hash','client_grants.former_hash','client_grants.family_hash',1782865938.5,1782864352.75);
INSERT INTO "client_keys" VALUES('client_keys.id','client_keys.type','0a4f60a2efcba59e',X'636C69656E745F6B6579732E6B6579','client_keys.certificate',1782864672.5,1);
INSERT INTO "client_sessions" VALUES('d0867ea3d99f8ab0','client_sessions.sid','client_sessions.user',1782864970.75,1782864518.25);
INSERT INTO "command_lines" VALUES('command_lines.id','command_lines.session','command_lines.secret_hash','command_lines.former_hash','command_lines.family_hash',1782864317.5,1782865859.75,'command_lines.origin');
INSERT INTO "connector_places" VALUES('connectors.id','connector_places.node',1782864041.25);
INSERT INTO "connector_sightings" VALUES('connectors.id',1782865479.5,'connector_sightings.version','connector_sightings.address',1782864561.75);
INSERT INTO "connectors" VALUES('connectors.id','connectors.name','2adb2365396598fd','connectors.state','connectors.certificate_serial',1782866450.5,1782865908.5,1782864168.75,1782864184.75);
INSERT INTO "device_answers" VALUES('device_answers.id','device_authorities.id',1782864236.25);
INSERT INTO "device_authorities" VALUES('device_authorities.id','device_authorities.name','device_authorities.name_key','device_authorities.certificates','device_authorities.lists','device_authorities.revoked',1782864656.75,1782864188.25,'device_authorities.editions','device_authorities.crl_urls','device_authorities.ocsp',0);
INSERT INTO "device_codes" VALUES('device_codes.id','device_codes.user_code','5e71453658cdac1d','device_codes.scope','device_codes.audience','device_codes.session',0,1782864362.5,1782865165.5,'device_codes.asked','device_codes.address');
INSERT INTO "device_list_fetches" VALUES('device_authorities.id',1782864164.5,'device_list_fetches.owner',1782865169.0,1782865442.25,9803,'device_list_fetches.problem');
INSERT INTO "device_revocations" VALUES('device_revocations.id',1782864851.75);
INSERT INTO "device_statuses" VALUES('device_statuses.id','device_authorities.id','device_statuses.issuer','device_statuses.serial','device_statuses.url',1,1782864729.0,1782865144.0,1782865367.25,1782866330.0,322,'device_statuses.problem');
INSERT INTO "devices" VALUES('devices.id','7f183e525d8e9c5d','devices.name',424,1782865807.0,'devices.link_hash',1782864710.25,X'646576696365732E70617373776F7264','devices.fingerprint','devices.number',1782866165.0,1782864606.25);
INSERT INTO "directories" VALUES('directories.id','directories.name','directories.name_key',9196,X'6469726563746F726965732E62696E645F70617373776F7264','{}',1782866165.5);
INSERT INTO "directory_groups" VALUES('b3bf954fe89a817a','directories.id','directory_groups.subject');
INSERT INTO "directory_users" VALUES('7f183e525d8e9c5d','directories.id','directory_users.subject','directory_users.password_mark',1782865725.5);
INSERT INTO "encryption_keys" VALUES('encryption_keys.id','encryption_keys.type','0a4f60a2efcba59e',X'656E6372797074696F6E5F6B6579732E6B6579',1782864610.0);
INSERT INTO "idempotent_answers" VALUES('idempotent_answers.id','idempotent_answers.fingerprint',X'6964656D706F74656E745F616E73776572732E616E73776572',1782865339.75);
INSERT INTO "kept_forms" VALUES('kept_forms.id','kept_forms.owner','kept_forms.place',6021,1782864448.5,X'6B6570745F666F726D732E666F726D');
INSERT INTO "logo_pictures" VALUES('01d256b996a29290',X'6C6F676F5F70696374757265732E70696374757265');
INSERT INTO "native_grants" VALUES('native_grants.id','5e71453658cdac1d','7f183e525d8e9c5d','native_grants.scope','native_grants.audience',1782866185.5,'native_grants.methods','native_grants.secret_hash','native_grants.former_hash',1782865813.75,1782865771.5,'native_grants.family_hash','native_grants.risk');
INSERT INTO "node_tokens" VALUES('node_tokens.id','node_tokens.bundle',1782864450.5,1782865979.5,1782865850.25,'node_tokens.used_by');
INSERT INTO "nodes" VALUES('nodes.id','nodes.name','nodes.directory','nodes.address','nodes.version',1782865942.75,1782865179.25,2775);
INSERT INTO "not_before" VALUES('not_before.provider','not_before.subject',1782865112.5,1782866046.25);
INSERT INTO "one_time" VALUES('one_time.id',1782865905.25);
INSERT INTO "passkeys" VALUES('passkeys.id','7f183e525d8e9c5d','passkeys.label','passkeys.credential','passkeys.public_key',2695,'passkeys.transports',1782865979.75,1782865154.0);
INSERT INTO "password_attempts" VALUES(4692,'password_attempts.process',1782865577.0,'password_attempts.name','password_attempts.device','password_attempts.network','password_attempts.block',0);
INSERT INTO "password_links" VALUES('password_links.id','7f183e525d8e9c5d','password_links.kind',1782864079.5,1782865930.5);
INSERT INTO "policy_documents" VALUES('policy_documents.id','policy_documents.kind','policy_documents.name','policy_documents.name_key','{}',4344,1782865973.0,1782865188.75,1782864496.25);
INSERT INTO "policy_results" VALUES(9194,'policy_documents.id','policy_results.provider','policy_results.subject','policy_results.application','policy_results.does',9954,1782864961.5,'policy_results.address','policy_results.because');
INSERT INTO "rate_uses" VALUES('rate_uses.node',9745,'rate_uses.uses');
INSERT INTO "recent_applications" VALUES('0a4f60a2efcba59e','recent_applications.subject','01d256b996a29290',1782864940.5);
INSERT INTO "recovery_codes" VALUES('7f183e525d8e9c5d','recovery_codes.code_hash');
INSERT INTO "refused_codes" VALUES('refused_codes.id','7f183e525d8e9c5d','refused_codes.origin',1782864284.0);
INSERT INTO "revoked_sessions" VALUES('revoked_sessions.id',1782864691.0);
INSERT INTO "risk_counts" VALUES('risk_counts.kind','risk_counts.value',1782864354.25,1782864679.0);
INSERT INTO "risk_failures" VALUES('risk_failures.network','risk_failures.subject',2626,2725);
INSERT INTO "risk_sign_ins" VALUES('risk_sign_ins.id','risk_sign_ins.provider','risk_sign_ins.subject','risk_sign_ins.name',1782865531.75,'risk_sign_ins.session','risk_sign_ins.application','risk_sign_ins.address','risk_sign_ins.country',1782865570.75,1782864280.0,'risk_sign_ins.browser','risk_sign_ins.system','risk_sign_ins.device','risk_sign_ins.step',4520,1782864306.25,'risk_sign_ins.level','risk_sign_ins.parts','risk_sign_ins.outcome','risk_sign_ins.state');
INSERT INTO "risky_users" VALUES('risky_users.provider','risky_users.subject','risky_users.name',1782864425.25,1782864499.0,1,1782866491.0);
INSERT INTO "role_entitlements" VALUES('role_entitlements.id','role_entitlements.role','0a4f60a2efcba59e','ntitlements.kind','role_entitlements.value','01d256b996a29290',1782864979.5,0,1782865670.75,1782864607.75);
INSERT INTO "role_requests" VALUES('role_requests.id','role_entitlements.id','role_requests.provider','role_requests.subject','role_requests.name','role_requests.reason',1782864863.25,'e_requests.state','role_requests.decider',1782864688.75,1782864443.25);
INSERT INTO "second_factor_rules" VALUES('second_factor_rules.id','b3bf954fe89a817a',1782865920.25,1782865996.0);
INSERT INTO "service_token_applications" VALUES('service_tokens.id','01d256b996a29290');
INSERT INTO "service_token_uses" VALUES('service_tokens.id',1782865826.0,'service_token_uses.address');
INSERT INTO "service_tokens" VALUES('service_tokens.id','service_tokens.name','service_tokens.name_key','service_tokens.secret_hash','service_tokens.former_hash',1782865836.0,'service_tokens.networks','{}',1782865658.25,1782865425.0,1782865311.25);
INSERT INTO "session_applications" VALUES('sessions.id','session_applications.application');
INSERT INTO "sessions" VALUES('sessions.id','sessions.provider','sessions.subject','sessions.issuer','sessions.name','sessions.sid',1782865253.0,1782864017.75,1782865336.0,1782866145.5,'sessions.address','sessions.client',1782864900.25,'sessions.amr','sessions.acr',X'73657373696F6E732E69645F746F6B656E',X'73657373696F6E732E726566726573685F746F6B656E',X'73657373696F6E732E636C61696D73',1782865281.75,8676,1782864545.75);
INSERT INTO "sign_out_notices" VALUES('sign_out_notices.id','d0867ea3d99f8ab0','sign_out_notices.user','sign_out_notices.sid',4737,1782864037.0);
INSERT INTO "update_leases" VALUES('2adb2365396598fd','connectors.id',1782864997.0,1782864631.75);
INSERT INTO "waiting_machines" VALUES('waiting_machines.id','waiting_machines.user_code','waiting_machines.purpose','waiting_machines.name','waiting_machines.connector_group','waiting_machines.address','waiting_machines.session',1,1782864710.25,1782865899.25,1782864858.25);
