-- Requests as browsers send them: wrk's own options give Host and Cookie, and all else differs from one to the next.
-- Every twentieth is a small form; wrk cannot read answers to HEAD. Deterministic: both sides get the same requests.

local number = 0
local host, cookie = wrk.headers["Host"], wrk.headers["Cookie"]
local agents = {}
for version = 1, 24 do
  agents[version] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" .. (110 + version)
    .. ".0.0.0 Safari/537.36"
end
local kinds = {
  { "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "document", "navigate" },
  { "*/*", "script", "no-cors" },
  { "text/css,*/*;q=0.1", "style", "no-cors" },
  { "image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8", "image", "no-cors" },
  { "application/json", "empty", "cors" },
}

request = function()
  number = number + 1
  local kind = kinds[number % #kinds + 1]
  local headers = {
    ["Host"] = host,
    ["User-Agent"] = agents[number % #agents + 1],
    ["Accept"] = kind[1],
    ["Accept-Language"] = "en-GB,en;q=0.9,de;q=0.7",
    ["Accept-Encoding"] = "gzip, deflate, br",
    ["Referer"] = "https://" .. host .. "/page/" .. number,
    ["Cookie"] = (cookie and cookie .. "; " or "") .. "theme=dark; _ga=GA1.1.1794." .. number .. "; seen=" .. number * 7,
    ["Sec-Fetch-Dest"] = kind[2],
    ["Sec-Fetch-Mode"] = kind[3],
    ["Sec-Fetch-Site"] = "same-origin",
  }
  if number % 20 == 0 then
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return wrk.format("POST", "/post?step=" .. number, headers, "name=alice&number=" .. number)
  end
  headers["If-None-Match"] = string.format('"%x-400"', number)
  return wrk.format("GET", "/small?item=" .. number, headers)
end
