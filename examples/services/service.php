<?php
/*
 * A complete service for mapgate in PHP 8.0 or later, with nothing but the standard library.
 *
 *   TOKEN=secret DIRECTORY=aliases.json php -S 127.0.0.1:8470 service.php    (or as the index.php of a web server)
 *
 *   GET /aliases/{address}   200 {"goto": ["...", ...]}   404 {"error": "..."}   503 cannot tell
 *   GET /aliases             200 {"address": ["...", ...], ...}: all of them, for a replica
 */
declare(strict_types=1);

/** The status and the body. Only a key that is certainly not there is 404. */
function answer(string $method, string $path, string $authorization): array
{
    if (!hash_equals('Bearer ' . getenv('TOKEN'), $authorization)) {
        return [401, ['error' => 'wrong token']];
    }
    // Another status than 404: a wrong path must not look like "no such address".
    if ($method !== 'GET' || !preg_match('~^/aliases(?:/([^/?]+))?$~D', $path, $match)) {
        return [400, ['error' => 'ask GET /aliases/{address}']];
    }
    $text = file_get_contents(getenv('DIRECTORY') ?: 'aliases.json');
    $entries = json_decode($text, true, flags: JSON_THROW_ON_ERROR);
    if (!isset($match[1])) {
        return [200, (object) $entries];
    }
    $address = rawurldecode($match[1]);
    if (!array_key_exists($address, $entries)) {
        return [404, ['error' => 'no such address']];
    }
    return [200, ['goto' => $entries[$address]]];
}

// A warning of PHP must become "cannot tell", and not a part of the body.
set_error_handler(fn(int $level, string $message) => throw new ErrorException($message));
try {
    [$status, $body] = answer(
        $_SERVER['REQUEST_METHOD'],
        $_SERVER['REQUEST_URI'],
        $_SERVER['HTTP_AUTHORIZATION'] ?? '',
    );
} catch (Throwable $error) { // "cannot tell": mapgate asks again, and mail waits
    [$status, $body] = [503, ['error' => $error->getMessage()]];
}
$json = json_encode($body, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE) . "\n";
http_response_code($status);
header('content-type: application/json');
header('content-length: ' . strlen($json));
echo $json;
