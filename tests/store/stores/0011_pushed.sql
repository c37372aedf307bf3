-- master key c0b385023e2c5135e779a5f78b35436d665776594c11d8bf2cdad708bad0cbc0
BEGIN TRANSACTION;
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
INSERT INTO "alembic_version" VALUES('pushed');
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
INSERT INTO "applications" VALUES('6ffc2283670b2a1b','wiki','wiki','https://wiki.example.com/','wiki.example.com','/','http://wiki.internal:8080/','oidc','1d9b563ba0f9ce72','builtin','{"backend_timeout": "120"}',1.79607144801751279824e+09);
INSERT INTO "applications" VALUES('b11af67b75d885ec','Status','status','https://status.example.com/','status.example.com','/','http://status.internal/','passthrough','default','builtin','{}',1.79607145015087890627e+09);
INSERT INTO "applications" VALUES('18f2d3004bd6940d','sales','sales','https://sales.example.com/','sales.example.com','/','https://sales.internal/','oidc','default','8c75aa91d34da202','{}',1.79607146846414685251e+09);
CREATE TABLE assignments (
	application VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	value VARCHAR(255) NOT NULL, maintainer BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_assignments PRIMARY KEY (application, provider, kind, value), 
	CONSTRAINT fk_assignments_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE, 
	CONSTRAINT fk_assignments_provider FOREIGN KEY(provider) REFERENCES providers (id) ON DELETE CASCADE
);
INSERT INTO "assignments" VALUES('6ffc2283670b2a1b','builtin','group','96e91b96d9d8d842',0);
INSERT INTO "assignments" VALUES('18f2d3004bd6940d','8c75aa91d34da202','user','5f2b7c',0);
CREATE TABLE audit (
	number INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	actor VARCHAR(255) NOT NULL, 
	action VARCHAR(128) NOT NULL, 
	target TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (number)
);
INSERT INTO "audit" VALUES(1,1.79607144383132314681e+09,'local:0','connector.token','3f06fe6f467dffb0','{"expires": 1796075043.8313231, "group": "default", "uses": 1}');
INSERT INTO "audit" VALUES(2,1.79607144622240018846e+09,'local:0','connector_group.add','1d9b563ba0f9ce72','{"id": "1d9b563ba0f9ce72", "name": "lab", "needs_approval": true}');
INSERT INTO "audit" VALUES(3,1.79607144801751279824e+09,'local:0','application.publish','6ffc2283670b2a1b','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "lab", "cors": [], "external": "https://wiki.example.com/", "id": "6ffc2283670b2a1b", "internal": "http://wiki.internal:8080/", "name": "wiki", "preauth": "oidc", "provider": "builtin", "segments": [], "settings": {}}');
INSERT INTO "audit" VALUES(4,1.79607145015087890627e+09,'local:0','application.publish','b11af67b75d885ec','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://status.example.com/", "id": "b11af67b75d885ec", "internal": "http://status.internal/", "name": "Status", "preauth": "passthrough", "provider": "builtin", "segments": [], "settings": {}}');
INSERT INTO "audit" VALUES(5,1.79607145315198087694e+09,'local:0','application.set','6ffc2283670b2a1b','{"name": "wiki", "settings": {"backend_timeout": "120"}}');
INSERT INTO "audit" VALUES(6,1.79607145613904118537e+09,'local:0','user.add','16f60fa01b77c506','{"groups": ["staff"], "name": "alice"}');
INSERT INTO "audit" VALUES(7,1.79607145928424096108e+09,'local:0','user.add','1038b8fec22b300c','{"groups": [], "name": "bob"}');
INSERT INTO "audit" VALUES(8,1.79607146167078161238e+09,'local:0','user.add_to_group','1038b8fec22b300c','{"group": "staff", "name": "bob"}');
INSERT INTO "audit" VALUES(9,1.79607146348380541803e+09,'local:0','application.assign','6ffc2283670b2a1b','{"group": "staff", "maintainer": false, "name": "wiki", "provider": "builtin", "value": "96e91b96d9d8d842"}');
INSERT INTO "audit" VALUES(10,1.79607146493981909753e+09,'local:0','connector.token','a16784fdcbfeaf37','{"expires": 1796075064.939819, "group": "lab", "uses": 3}');
INSERT INTO "audit" VALUES(11,1.79607146666831684117e+09,'local:0','provider.add','8c75aa91d34da202','{"algorithms": ["RS256", "ES256"], "ca_bundle": 0, "client_id": "appproxy", "groups_claim": "groups", "id": "8c75aa91d34da202", "issuer": "https://login.corp.example/", "name": "corp", "public": false, "pushed_requests": "auto", "scopes": ["openid", "profile", "email"]}');
INSERT INTO "audit" VALUES(12,1.79607146846414685251e+09,'local:0','application.publish','18f2d3004bd6940d','{"assigned": 0, "assignment_required": true, "assignments": [], "connector_group": "default", "cors": [], "external": "https://sales.example.com/", "id": "18f2d3004bd6940d", "internal": "https://sales.internal/", "name": "sales", "preauth": "oidc", "provider": "corp", "segments": [], "settings": {}}');
INSERT INTO "audit" VALUES(13,1.79607147039848375315e+09,'local:0','application.assign','18f2d3004bd6940d','{"maintainer": false, "name": "sales", "provider": "8c75aa91d34da202", "user": "5f2b7c", "value": "5f2b7c"}');
INSERT INTO "audit" VALUES(14,1.796071472194890976e+09,'local:0','segment.add','6ffc2283670b2a1b','{"external": "https://handbook.example.com/", "id": "7f3720066ee26d61", "internal": "http://wiki.internal:8080/", "name": "wiki"}');
INSERT INTO "audit" VALUES(15,1.79607147409011149406e+09,'local:0','cors.add','6ffc2283670b2a1b','{"credentials": true, "exposed": [], "headers": ["x-own-*"], "max_age": 5, "methods": ["PUT"], "name": "wiki", "origins": ["https://status.example.com"], "resource": "/"}');
CREATE TABLE authorities (
	id VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	certificate TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	not_after DOUBLE NOT NULL, 
	CONSTRAINT pk_authorities PRIMARY KEY (id)
);
INSERT INTO "authorities" VALUES('ea0a156599d28eb2','connector','-----BEGIN CERTIFICATE-----
MIIBoDCCAUegAwIBAgIQKra/wdL9fe4mgEkRjmd3TjAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGNiNGM4ZjY2YjkzNjU3MmEwHhcN
MjYxMTI5MjA0NDAyWhcNMzYxMTMwMDg0NDAyWjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIGNiNGM4ZjY2YjkzNjU3MmEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARbtfu7eEr03mr4j4bs2/UIxiVNEjpQzqDm9v2VBIwVYIOVrpyQlE5U
ltCkpzdE3e30NhP91ccT17XxuXLo9Cito0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUx2vWl3BffxgG6C4vpdtOYFXnvf0w
CgYIKoZIzj0EAwIDRwAwRAIgOsyUAmcFZNIX+6Q+X7TL00nEkmzrD/m+O4kHgeoV
fZsCIEuJZSVXRYYifq3JJXPEsO8xoN5LcZTG27mgoOTZ5Fdd
-----END CERTIFICATE-----
',X'73317E56439817A2FCB57637028EB8F7DBA1A680D68EC73332310AFF660CA5F013933FC37459499EEC33BF58F3405E70CBDA1581800199FCBCA3817B5D6525A19EDD4EAE5BEC6B850CF3451D3CFE489D6A63E06E88323856BA453038B8D40EAA433D040738FE896FC0187039ABDA97B61BBD6E9A5490DBB3F57AB70E25689C7B6829E81D9859894EFD56058B75B3E67259A5496A9B986F86D610293256E3E205E99BA05489DEADF4A921F849716DB3D0DD55D95F7BCA27C1CC663201E46D0EA9FA9CE1083EC372924D98A630ACAF6476F9C353F1AF797753389FCF0D869706ADB0C840C6A8504277521CB49BEF080E44F2503F0498C9EA9B137E12747EEAF0E9E849D4C89C00649F9F9ED8E0E62F36C503D214',1.79607144293467283248e+09,2111647442.0);
INSERT INTO "authorities" VALUES('c265b59e5424266a','user','-----BEGIN CERTIFICATE-----
MIIBwjCCAWigAwIBAgIQDIsQOMgrpK0IO8QhPThyTTAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBjYjRjOGY2NmI5MzY1NzJhMB4X
DTI2MTEyOTIwNDQwMloXDTM2MTEzMDA4NDQwMlowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gY2I0YzhmNjZiOTM2NTcyYTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABME32pcOksI/Q6SCzuwFah5058NRyKtJZFqyfSL43QKk1TplHR5j
9z5nV+2XJgGwu/dlBQqX/Mvnx0XWuM0deQ+jZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBSUTPXDgH3OkBSNMfnhTFIrRbMh
ezAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAw
RQIhANAYa4ptTNiqU7IsXFhVrDIph3z6YkGIYaS1gUNyG7r+AiBXggBB6wCQobRi
7fJQLxg9jdb5a3pAWH/mAK1u3/Gy7g==
-----END CERTIFICATE-----
',X'73317E564398F00382E1F2A164B99B07BACDF71EDF5EBB1AE058D81B09806C15019E2D0D3BDAECA400B0DC7A19BB55C4EFFEA6ADFA34B0C38A6929E2223066877252338FCDD92E02D45C119D0CAE9BBF0D11F54050CCE087C5F9907C0E668514FE395144D96966C1004826AB3630B5A68A30DA5491D62D73F830EFBF59B02581E041D0139B29AD092353C59CDC7ABFCAD8DFFAFF10A73020B31D9056EC8F72AFBD279DEDFCCEB4E91E7716712BCB18726ABA05E3C0C23951EF1154343A9D2E61BFEA39957B23D792C1A31580A4353AE04DF3891D4B90EC00AC6F4912981B192F11FD0645546374336B2795E8BDD604364C4282881AC188AA6978AD33ABC7AED7CFE3E407F0B7917CA6ACA075E6E71A6204B1D0',1.79607144293467283248e+09,2111647442.0);
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
CREATE TABLE connector_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	needs_approval BOOLEAN NOT NULL, 
	CONSTRAINT pk_connector_groups PRIMARY KEY (id), 
	CONSTRAINT uq_connector_groups_name_key UNIQUE (name_key)
);
INSERT INTO "connector_groups" VALUES('default','default','default',0);
INSERT INTO "connector_groups" VALUES('1d9b563ba0f9ce72','lab','lab',1);
CREATE TABLE connector_sightings (
	connector VARCHAR(64) NOT NULL, 
	seen DOUBLE NOT NULL, 
	version VARCHAR(128) NOT NULL, 
	address VARCHAR(128) NOT NULL, 
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
INSERT INTO "cors_rules" VALUES('6ffc2283670b2a1b','','/','https://status.example.com','PUT','x-own-*','',1,5);
CREATE TABLE external_urls (
	host VARCHAR(255) NOT NULL, 
	path VARCHAR(1024) NOT NULL, 
	application VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_external_urls PRIMARY KEY (host, path), 
	CONSTRAINT fk_external_urls_application FOREIGN KEY(application) REFERENCES applications (id) ON DELETE CASCADE
);
INSERT INTO "external_urls" VALUES('wiki.example.com','/','6ffc2283670b2a1b');
INSERT INTO "external_urls" VALUES('status.example.com','/','b11af67b75d885ec');
INSERT INTO "external_urls" VALUES('sales.example.com','/','18f2d3004bd6940d');
INSERT INTO "external_urls" VALUES('handbook.example.com','/','6ffc2283670b2a1b');
CREATE TABLE join_tokens (
	id VARCHAR(64) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	connector_group VARCHAR(64) NOT NULL, 
	uses INTEGER NOT NULL, 
	uses_left INTEGER NOT NULL, 
	created DOUBLE NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_join_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_join_tokens_connector_group FOREIGN KEY(connector_group) REFERENCES connector_groups (id) ON DELETE CASCADE
);
INSERT INTO "join_tokens" VALUES('3f06fe6f467dffb0','5c66a209b1cbd964e2e575f6e5ff70023d62efb393e5097756a502ccea398404','default',1,1,1.79607144383132314681e+09,1.79607504383132314681e+09);
INSERT INTO "join_tokens" VALUES('a16784fdcbfeaf37','0ffcc2e8e1ee2e55c2a198fb1c705e022d2fcf34bd72d6982678eae5b23e8361','1d9b563ba0f9ce72',3,3,1.79607146493981909753e+09,1.79607506493981909753e+09);
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
INSERT INTO "leaves" VALUES('97da79d5f2c3ff4c','connector','ea0a156599d28eb2','-----BEGIN CERTIFICATE-----
MIIB4TCCAYigAwIBAgIQDFUAd3ZarqnUEf19z2gdsTAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGNiNGM4ZjY2YjkzNjU3MmEwHhcN
MjYxMTI5MjA0NDAyWhcNMjcxMTMwMjA0NDAyWjAeMRwwGgYDVQQDDBNjb25uZWN0
LmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVtAu6IBpI/SQ
Ha2Wg899+Jkt8b4PPXu8Kuzf1yBI7jiYlyeMZqtBIziMMoAwxfYlYMjQVS+1IXQf
ye8K/jR1W6OBljCBkzAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDATBgNV
HSUEDDAKBggrBgEFBQcDATAeBgNVHREEFzAVghNjb25uZWN0LmV4YW1wbGUuY29t
MB0GA1UdDgQWBBRhAqaSXx4sVaGuUS7unDrUapRbozAfBgNVHSMEGDAWgBTHa9aX
cF9/GAboLi+l205gVee9/TAKBggqhkjOPQQDAgNHADBEAiAnI40akmN0zgOkQmgc
59v4W5ff0xdIXuEqGUJj2hpz9AIgAl6L+/p0JqUC/jVvdCfRjvQj0xFbQ8/cTJ3M
fnnGCRQ=
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBoDCCAUegAwIBAgIQKra/wdL9fe4mgEkRjmd3TjAKBggqhkjOPQQDAjAvMS0w
KwYDVQQDDCRhcHBwcm94eSBjb25uZWN0b3JzIGNiNGM4ZjY2YjkzNjU3MmEwHhcN
MjYxMTI5MjA0NDAyWhcNMzYxMTMwMDg0NDAyWjAvMS0wKwYDVQQDDCRhcHBwcm94
eSBjb25uZWN0b3JzIGNiNGM4ZjY2YjkzNjU3MmEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARbtfu7eEr03mr4j4bs2/UIxiVNEjpQzqDm9v2VBIwVYIOVrpyQlE5U
ltCkpzdE3e30NhP91ccT17XxuXLo9Cito0UwQzASBgNVHRMBAf8ECDAGAQH/AgEA
MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUx2vWl3BffxgG6C4vpdtOYFXnvf0w
CgYIKoZIzj0EAwIDRwAwRAIgOsyUAmcFZNIX+6Q+X7TL00nEkmzrD/m+O4kHgeoV
fZsCIEuJZSVXRYYifq3JJXPEsO8xoN5LcZTG27mgoOTZ5Fdd
-----END CERTIFICATE-----
',X'73317E564398CFCDE1F97D1EF0939262177EE05A36319F223F6C96D3CB77FA780A774D5EA1229C03C8CD35D9363976EB71F5D251CABA3F58053A457C0CDD6A120E09A3DC461E6DC4692C9CAD17131890A5903F267447E45F3B3E280075BD8F9363F1ACEFC5FF1C9EB12C3145403EF084D896DC2508348272F62FE89C55B9620C68F27C35FA06F02E1A1AD15B94D58778F43B674DF3BEAA1957101BDC478DCE439E26B7E5FD34A4C7E318E1926FC247910BDA428510A96120797CBD6FF7A23BF6E3D0D1FCFBECCCA654DCD92A7E66D878C89033364147D7796CC0FD0A76A0AB2170B837900763F6C385318805260645DFB673B1D0B1E0006FBCC2B98E6E8FDF81F73BBD79F873528F1C942D90AD77AC92A0546D',1.79607144293467283248e+09,1827607442.0);
INSERT INTO "leaves" VALUES('8af01fd446e4a3b0','user','c265b59e5424266a','-----BEGIN CERTIFICATE-----
MIIB4jCCAYigAwIBAgIQNrKDVfz3y5oGDVw09KhPozAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBjYjRjOGY2NmI5MzY1NzJhMB4X
DTI2MTEyOTIwNDQwMloXDTI3MTEzMDIwNDQwMlowFjEUMBIGA1UEAwwLZXhhbXBs
ZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASidePI63E6MKUmkNaumAYZ
F23dAvnDygVkZJ04IynXfVVIVdLidPQwaJB0G4L5BOSR+rqSr0nGM7ZKbtFWG+6v
o4GdMIGaMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoG
CCsGAQUFBwMBMCUGA1UdEQQeMByCC2V4YW1wbGUuY29tgg0qLmV4YW1wbGUuY29t
MB0GA1UdDgQWBBRpU1whwt+mjf6WESeKcl0ayfwzAzAfBgNVHSMEGDAWgBSUTPXD
gH3OkBSNMfnhTFIrRbMhezAKBggqhkjOPQQDAgNIADBFAiB6lOKvumg5MfQ2G4R8
qJfbvXd77vtbrgHO++Nmr70V9gIhAMkqdi0RcPuD3OHGj08kbIkskb48RTU9sIOr
nKUPWHww
-----END CERTIFICATE-----
-----BEGIN CERTIFICATE-----
MIIBwjCCAWigAwIBAgIQDIsQOMgrpK0IO8QhPThyTTAKBggqhkjOPQQDAjAwMS4w
LAYDVQQDDCVhcHBwcm94eSBleGFtcGxlLmNvbSBjYjRjOGY2NmI5MzY1NzJhMB4X
DTI2MTEyOTIwNDQwMloXDTM2MTEzMDA4NDQwMlowMDEuMCwGA1UEAwwlYXBwcHJv
eHkgZXhhbXBsZS5jb20gY2I0YzhmNjZiOTM2NTcyYTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABME32pcOksI/Q6SCzuwFah5058NRyKtJZFqyfSL43QKk1TplHR5j
9z5nV+2XJgGwu/dlBQqX/Mvnx0XWuM0deQ+jZDBiMBIGA1UdEwEB/wQIMAYBAf8C
AQAwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBSUTPXDgH3OkBSNMfnhTFIrRbMh
ezAdBgNVHR4BAf8EEzARoA8wDYILZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSAAw
RQIhANAYa4ptTNiqU7IsXFhVrDIph3z6YkGIYaS1gUNyG7r+AiBXggBB6wCQobRi
7fJQLxg9jdb5a3pAWH/mAK1u3/Gy7g==
-----END CERTIFICATE-----
',X'73317E56439871E7C8DD9DFD1CBFAD24D76704A6C1B34EC277B544A8B0CBF9144246BA5CA608836713655DBF515BA3567517C66C6AE6669841FB286F8B8F155260CD26BFF3F30E085BB7569EBC1BB23013ECD37D9E1101C280FF08FA923572AE88722508A4131A7B4B7D14F9650A6D63A75C5C8DA9068594A4419F41CC3F800E60CD614D01DF188046B5349B6F748711466F688F730F1A0F5FA4B83A97E055E96934E17293D108C0560BFBF7E256848AA6C7A7BF9E0889C3DBD785284C61F9A46BE629240A66BAD27029130FFB56A499D8A8265E4431E7B72EEA42EF96517BD7D4015C97167CC577E96BBB6880FB8592642AE3D269DB26903D1ED2D5F7FCEAD6EC5ECD3DE011D3A9450EE7312DEFF87CBF03B6',1.79607144293467283248e+09,1827607442.0);
CREATE TABLE master_check (
	id VARCHAR(64) NOT NULL, 
	sealed BLOB NOT NULL, 
	CONSTRAINT pk_master_check PRIMARY KEY (id)
);
INSERT INTO "master_check" VALUES('check',X'73317E564398720223D03C2471D4217118F394C05A7FC390EA2731627134863C48F01E36C9874924389F');
CREATE TABLE memberships (
	user_id VARCHAR(64) NOT NULL, 
	group_id VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_memberships PRIMARY KEY (user_id, group_id), 
	CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_memberships_group_id FOREIGN KEY(group_id) REFERENCES user_groups (id) ON DELETE CASCADE
);
INSERT INTO "memberships" VALUES('16f60fa01b77c506','96e91b96d9d8d842');
INSERT INTO "memberships" VALUES('1038b8fec22b300c','96e91b96d9d8d842');
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
CREATE TABLE providers (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	issuer TEXT NOT NULL, 
	client_id TEXT NOT NULL, 
	client_secret BLOB NOT NULL, 
	scopes TEXT NOT NULL, 
	groups_claim VARCHAR(255) NOT NULL, 
	algorithms TEXT NOT NULL, ca_bundle TEXT DEFAULT '' NOT NULL, pushed_requests VARCHAR(16) DEFAULT 'auto' NOT NULL, 
	CONSTRAINT pk_providers PRIMARY KEY (id), 
	CONSTRAINT uq_providers_name_key UNIQUE (name_key)
);
INSERT INTO "providers" VALUES('builtin','builtin','builtin','https://signin.example.com','appproxy',X'73317E56439883D580A5405273FD5CCED72A042FAA88AA6B877B3D2C8D266FF4B0285051C85F93A6EB4CAE61057CABD342B8C9644B1CB00A58B7007BCE87B988E96984EF371E8B83B080D1002E4A6D19925F374B613FAAE9810A7FF47454C9839463','openid profile email','groups','ES256','','auto');
INSERT INTO "providers" VALUES('8c75aa91d34da202','corp','corp','https://login.corp.example/','appproxy',X'73317E564398588A6EE55E530FDC7A32342508CBABE48C412E43773EA47C9086239913F4F07C4733336077FEE4679E','openid profile email','groups','RS256 ES256','','auto');
CREATE TABLE revisions (
	part VARCHAR(128) NOT NULL, 
	revision BIGINT NOT NULL, 
	CONSTRAINT pk_revisions PRIMARY KEY (part)
);
INSERT INTO "revisions" VALUES('all',11);
INSERT INTO "revisions" VALUES('authorities',1);
INSERT INTO "revisions" VALUES('connector_groups',2);
INSERT INTO "revisions" VALUES('providers',7);
INSERT INTO "revisions" VALUES('sealing_keys',1);
INSERT INTO "revisions" VALUES('settings',1);
INSERT INTO "revisions" VALUES('applications',8);
INSERT INTO "revisions" VALUES('assignments',9);
INSERT INTO "revisions" VALUES('segments',10);
INSERT INTO "revisions" VALUES('cors_rules',11);
CREATE TABLE revoked_sessions (
	id VARCHAR(64) NOT NULL, 
	expires DOUBLE NOT NULL, 
	CONSTRAINT pk_revoked_sessions PRIMARY KEY (id)
);
CREATE TABLE sealing_keys (
	id INTEGER NOT NULL, 
	secret BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_sealing_keys PRIMARY KEY (id)
);
INSERT INTO "sealing_keys" VALUES(1,X'73317E56439865DB1B1586900B71FE7878F09EB082141F3222C973318BB21828C4073ACE37985ADC4028E1D1CD7F1FCD0FB0FFB9D185189862D4BC1ECFBA54C1CE5E',1.79607144293467283248e+09);
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
INSERT INTO "segments" VALUES('7f3720066ee26d61','6ffc2283670b2a1b','https://handbook.example.com/','http://wiki.internal:8080/','{}',1.796071472194890976e+09);
CREATE TABLE settings (
	"key" VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_settings PRIMARY KEY ("key")
);
INSERT INTO "settings" VALUES('instance','cb4c8f66b936572a');
INSERT INTO "settings" VALUES('domain','example.com');
INSERT INTO "settings" VALUES('public_port','443');
CREATE TABLE signing_keys (
	id VARCHAR(64) NOT NULL, 
	"key" BLOB NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_signing_keys PRIMARY KEY (id)
);
INSERT INTO "signing_keys" VALUES('f162a7e6c17da936',X'73317E564398FCE8606514C33DC64B67924DDA91D381DAB24BD121E83E7D17B1C9D3DBFBB94BE08CC9726C712E50E97A19B67A5445191465EA1EC90E89CA012751828D9D874DE09ED5631F9CA37BB3BE50E7FB9D5127D054721968F0BEC4F6C1B09FBBD3E54014D71D7CB8BD017A0D6C7A18E13A88499412DEDC8ED9998F433CB66BC4993A2483F03F5FA036546F2855BF4C8CA36C0A315D54EF78CDDEEBE08614BE8E00234AA212A81855762328DF1532AF87539343E646F1127EFE112A70C0D65E68CA631A7220986FA48B33F1D2C36FFE406389778A38C9FE9CA8329602AD98BC9801EBFD991E98C84F144F57C102DDE40D2E2DEFC5909965AB3A6131AA03337181EBF6C2C066DF3E8CBD096E45C5EA9B1A',1.79607144293467283248e+09);
CREATE TABLE user_groups (
	id VARCHAR(64) NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	name_key VARCHAR(128) NOT NULL, 
	CONSTRAINT pk_user_groups PRIMARY KEY (id), 
	CONSTRAINT uq_user_groups_name_key UNIQUE (name_key)
);
INSERT INTO "user_groups" VALUES('96e91b96d9d8d842','staff','staff');
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
INSERT INTO "users" VALUES('16f60fa01b77c506','alice','Alice','alice@example.com','$argon2id$v=19$m=47104,t=1,p=1$Wpy25WdzhuKr/qtEBm5C6g$tIeNWPHRMCok8VuIjm7RVOMUlEJVBZjgK9cBwiHHLW8',0,1.79607145613904118537e+09,1.79607145613904118537e+09);
INSERT INTO "users" VALUES('1038b8fec22b300c','bob','bob','','$argon2id$v=19$m=47104,t=1,p=1$jLkWmG3p43CDxqjzD8z7rw$SvnBhzbvyWmNqn2hfRDJEwG4s9UzstM4z7xvJW190/g',0,1.79607145928424096108e+09,1.79607145928424096108e+09);
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
COMMIT;
-- what no command had filled
INSERT INTO "acme_accounts" VALUES('acme_accounts.id','acme_accounts.directory','acme_accounts.contacts','acme_accounts.authority',X'61636D655F6163636F756E74732E6B6579','acme_accounts.binding_id',X'61636D655F6163636F756E74732E62696E64696E675F6B6579','acme_accounts.url');
INSERT INTO "acme_challenges" VALUES('acme_challenges.token','acme_challenges.kind','acme_challenges.host','{}',1782866019.25);
INSERT INTO "certificate_orders" VALUES('certificate_orders.id','certificate_orders.name','certificate_orders.name_key','certificate_orders.hosts','certificate_orders.challenge',1782865398.5,1416,'certificate_orders.problem','certificate_orders.owner',1782864087.25,1782864463.0);
INSERT INTO "certificates" VALUES('certificates.id','certificates.name','certificates.name_key','certificates.source','certificates.names','certificates.certificate',X'6365727469666963617465732E6B6579',1782865963.0,1782865476.75,1782864594.5,1782866134.0);
INSERT INTO "connector_sightings" VALUES('connectors.id',1782865479.5,'connector_sightings.version','connector_sightings.address');
INSERT INTO "connectors" VALUES('connectors.id','connectors.name','1d9b563ba0f9ce72','connectors.state','connectors.certificate_serial',1782866450.5,1782865908.5,1782864168.75,1782864184.75);
INSERT INTO "not_before" VALUES('not_before.provider','not_before.subject',1782865112.5,1782866046.25);
INSERT INTO "one_time" VALUES('one_time.id',1782865905.25);
INSERT INTO "revoked_sessions" VALUES('revoked_sessions.id',1782864691.0);
